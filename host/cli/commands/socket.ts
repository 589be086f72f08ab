import type { Command } from 'commander';
import { ControlClient } from '../../switch/control-client.ts';
import type { Verb, VerbArguments, VerbResults } from '../../switch/control-verbs.ts';
import { CommandError, EXIT } from '../exit.ts';

/** Options of every command that asks a running switch processor. */
export interface SocketOptions {
  readonly socket?: string;
  readonly json?: boolean;
}

/** Adds them to a command. */
export function withSocket(command: Command): Command {
  return command
    .option('--socket <path>', "the switch processor's control socket, as `vidline serve` said it")
    .option('--json', 'the answer as one JSON value');
}

/** Asks one question. Rejects as ControlClient does. */
export async function ask<V extends Verb>(
  { socket }: SocketOptions,
  verb: V,
  args: VerbArguments<V>,
): Promise<VerbResults[V]> {
  const client = await ControlClient.connect(socket);
  try {
    return await client.ask(verb, args);
  } finally {
    client.close();
  }
}

/** Prints a result: as JSON, or as the lines that `words` makes of it. */
export function print<T>(
  { json }: SocketOptions,
  result: T,
  words: (result: T) => readonly string[],
): void {
  const text = json ? JSON.stringify(result) : words(result).join('\n');
  if (text !== '') process.stdout.write(`${text}\n`);
}

/** Rows under headings, columns as wide as they must be; numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  const numeric = headings.map((_, column) =>
    rows.every((row) => /^[\d,]*$/.test(row[column] ?? '')),
  );
  return lines.map((line) =>
    line
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return numeric[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** `17` or `0x11`, 0 to `most`; throws CommandError. */
export function parseNumber(what: string, text: string, most: number): number {
  const value = Number(text);
  if (/^(\d+|0x[0-9a-f]+)$/i.test(text) && value <= most) return value;
  throw new CommandError(EXIT.usage, `${what} ${text}: give a number from 0 to ${most}`);
}

/** Numbers as short as lists of them get: `0-15, 20`. */
export function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length; ) {
    const first = numbers[at] ?? 0;
    let last = first;
    while (numbers[++at] === last + 1) last++;
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join(', ') || 'none';
}
