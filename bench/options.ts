/** What was asked for on the command line. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly json: boolean;
  readonly list: boolean;
  readonly quick: boolean;
  readonly help: boolean;
  /** Names, in the order of the benchmarks; all where none was given. */
  readonly only: readonly string[];
  /** Markdown file. */
  readonly write?: string;
}

export const USAGE = `npm run bench -- [--only NAME…] [--quick] [--json] [--write FILE] [--list]

  --only NAME…   these benchmarks only, by name
  --quick        short runs, together under a minute: to see that all works, not for numbers
  --json         one JSON object (schema vidline.bench/1) on standard output instead of tables
  --write FILE   also write the page, such as docs/benchmarks.md
  --list         the names
`;

export class UsageError extends Error {}

/** Throws UsageError in words. `names`: the benchmarks that there are. */
export function readOptions(words: readonly string[], names: readonly string[]): BenchOptions {
  const parsed = parse(words);
  const {
    only = [],
    write,
    json = false,
    list = false,
    quick = false,
    help = false,
  } = parsed.values;
  // --only a b and --only a --only b mean the same.
  if (parsed.positionals.length > 0 && only.length === 0)
    throw new UsageError(`what is "${parsed.positionals[0]}"? Names stand behind --only`);
  const wanted = [...only, ...parsed.positionals];
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no benchmark "${unknown}"; there are ${names.join(', ')}`);
  return {
    json,
    list,
    quick,
    help,
    only: wanted.length === 0 ? names : names.filter((name) => wanted.includes(name)),
    ...(write === undefined ? {} : { write }),
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        only: { type: 'string', multiple: true },
        write: { type: 'string' },
        json: { type: 'boolean' },
        list: { type: 'boolean' },
        quick: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
