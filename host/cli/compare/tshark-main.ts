/**
 * `npm run compare:tshark -- CAPTURE --services FILE…`: the identifiers that the RTL reads from a capture
 * against tshark's own fields. Exit status 1 where one differs.
 */
import { Command, CommanderError } from 'commander';
import { configurationNames } from '../../../sim/index.ts';
import { againstTshark, type TsharkResult } from '../../compare/against-tshark.ts';
import { checkCapture, type NumberedFrame } from '../../compare/decide-capture.ts';
import { DecidingCard } from '../../compare/deciding-card.ts';
import { TsharkError } from '../../compare/tshark.ts';
import { loadServices } from '../../steering/service-file.ts';
import { CommandError, EXIT } from '../exit.ts';
import { parseParameters } from '../parameters.ts';
import { reportError } from '../report-error.ts';

interface Options {
  readonly services: string[];
  readonly set?: string[];
  readonly configuration: string;
  readonly tshark?: string[];
}

const MOST_SHOWN = 20;

const program = new Command('compare:tshark')
  .argument('<capture>', 'pcap or pcapng, also packed with gzip')
  .requiredOption('--services <file...>', 'service files or folders')
  .option('--set <name=value...>', 'parameters that the service files declare')
  .option('--configuration <name>', configurationNames().join(', '), 'sim')
  .option('--tshark <preference...>', 'given to tshark behind -o, such as m3ua.version:…')
  .exitOverride()
  .action(async (capture: string, options: Options) => {
    process.exitCode = await compare(capture, options);
  });

async function compare(capture: string, options: Options): Promise<number> {
  const services = loadServices(options.services, parseParameters(options.set));
  await checkCapture(capture);
  const { configuration } = options;
  const card = await DecidingCard.open<NumberedFrame>({ configuration, services });
  try {
    const preferences = (options.tshark ?? []).flatMap((preference) => ['-o', preference]);
    const result = await againstTshark(capture, card, preferences);
    process.stdout.write(textOf(result));
    return result.differences.length === 0 ? EXIT.ok : EXIT.mismatch;
  } catch (error) {
    if (error instanceof TsharkError) throw new CommandError(EXIT.noDevice, error.message);
    throw error;
  } finally {
    await card.close();
  }
}

function textOf({ frames, same, differences, unseen, unknown }: TsharkResult): string {
  const count = (value: number) => value.toLocaleString('en-US');
  const lines = [`${count(frames)} frames`];
  for (const [rule, number] of same)
    lines.push(`${rule}: ${count(number)} identifiers as tshark's`);
  for (const [rule, number] of unseen)
    lines.push(`${rule}: ${count(number)} identifiers where tshark shows none`);
  for (const rule of unknown) lines.push(`${rule}: tshark's name of its identifier is not known`);
  for (const { frame, rule, key, field, tshark } of differences.slice(0, MOST_SHOWN))
    lines.push(`frame ${frame}, ${rule}: ${key}, and tshark's ${field} is ${tshark}`);
  const more = differences.length - MOST_SHOWN;
  if (more > 0) lines.push(`… and ${count(more)} more`);
  return `${lines.join('\n')}\n`;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    process.exitCode = reportError(error);
  }
}
