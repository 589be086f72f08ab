import { type Command, Option } from 'commander';
import { CaptureFileError, configurationNames } from '../../../sim/index.ts';
import { checkCapture, decideCapture, type NumberedFrame } from '../../compare/decide-capture.ts';
import { DecidingCard } from '../../compare/deciding-card.ts';
import { learningAll } from '../../compare/identifier.ts';
import { LINE } from '../../compare/layout.ts';
import { Tally } from '../../compare/tally.ts';
import { loadVids } from '../../compare/vid-file.ts';
import { problemText } from '../../steering/problem.ts';
import { ruleName } from '../../steering/rule.ts';
import { loadServices } from '../../steering/service-file.ts';
import { AnnotatedCapture } from '../decide/annotated-capture.ts';
import { Progress } from '../decide/progress.ts';
import { summaryText } from '../decide/summary.ts';
import { EXIT } from '../exit.ts';
import { Output } from '../output.ts';
import { parseParameters } from '../parameters.ts';

interface DecideOptions {
  readonly services: string[];
  readonly set?: string[];
  readonly configuration: string;
  readonly vids?: string;
  readonly learn?: boolean;
  readonly json?: boolean;
  readonly write?: string;
}

/** `vidline decide` */
export function addDecide(program: Command): void {
  program
    .command('decide')
    .argument('<capture>', 'pcap or pcapng, also packed with gzip')
    .description(
      "what the card's RTL does with each frame of a capture, as if it came from the line",
    )
    .requiredOption('--services <file...>', 'service files or folders')
    .option(
      '--set <name=value...>',
      'parameters that the service files declare; commas make a list',
    )
    .addOption(
      new Option('--configuration <name>', 'of hdl/configurations.yaml')
        .choices(configurationNames())
        .default('sim'),
    )
    .option('--vids <file>', 'YAML: VIDs of identifiers that have no VID in them')
    .option('--learn', 'every identifier is learned, also where a VID could be computed from it')
    .option('--json', 'one JSON object a frame and line')
    .option('--write <file>', 'the capture as pcapng, each frame with its decision as a comment')
    .action(async (capture: string, options: DecideOptions) => {
      process.exitCode = await decide(capture, options);
    });
}

async function decide(capture: string, options: DecideOptions): Promise<number> {
  const { configuration, vids: vidFile } = options;
  // What is wrong with the files is said before minutes are spent on building a card.
  const loaded = loadServices(options.services, parseParameters(options.set));
  const services = options.learn ? learningAll(loaded) : loaded;
  const rules = services.flatMap((service) => service.rules);
  await checkCapture(capture);
  const progress = new Progress(capture);
  const card = await DecidingCard.open<NumberedFrame>({
    configuration,
    services,
    presets: ({ vids }) => (vidFile === undefined ? [] : loadVids(vidFile, rules, vids)),
  });
  let written: AnnotatedCapture | undefined;
  try {
    for (const warning of card.warnings) {
      process.stderr.write(`vidline: warning: ${problemText(warning)}\n`);
    }
    const { sizes } = card.card;
    const ports = Array.from({ length: sizes.ports }, (_, port) =>
      port === LINE ? 'line' : `fabric ${port}`,
    );
    const names = { rules: rules.map(ruleName), ports: [...ports, 'host'] };
    if (options.write !== undefined) {
      written = new AnnotatedCapture(options.write, capture, names);
    }
    const tally = new Tally();
    const output = new Output(process.stdout);
    const summarise = async () => {
      progress.end();
      if (options.json) return;
      const { withoutRoom } = card.learning;
      const { dataWidth, vids } = sizes;
      await output.write(summaryText(tally, { configuration, dataWidth, vids, withoutRoom }));
    };
    try {
      const frames = decideCapture(capture, card, { onRead: (bytes) => progress.read(bytes) });
      for await (const one of frames) {
        tally.add(one.report);
        progress.frame();
        written?.write(one);
        if (options.json) await output.write(`${JSON.stringify(one.report)}\n`);
        // Whoever reads has enough, as `head` does.
        if (output.closed) return EXIT.ok;
      }
    } catch (error) {
      // The frames before the damage have been decided, and stand.
      if (error instanceof CaptureFileError && tally.frames > 0) await summarise();
      throw error;
    }
    await summarise();
    return EXIT.ok;
  } finally {
    progress.end();
    written?.close();
    await card.close();
  }
}
