import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Command, Option } from 'commander';
import { configurationNames } from '../../../sim/index.ts';
import { compareCapture } from '../../compare/compare-capture.ts';
import { kernelCosts } from '../../compare/cost/kernel.ts';
import { softwareCosts } from '../../compare/cost/software.ts';
import { checkCapture } from '../../compare/decide-capture.ts';
import { learningAll } from '../../compare/identifier.ts';
import { describeMachine } from '../../compare/report/machine.ts';
import { KERNEL_METHOD, LIMITS, METHOD } from '../../compare/report/method.ts';
import { renderPage } from '../../compare/report/page.ts';
import { PUBLISHED } from '../../compare/report/published.ts';
import { type CompareReport, SCHEMA } from '../../compare/report/report.ts';
import { machineLine } from '../../compare/report/words.ts';
import { loadVids } from '../../compare/vid-file.ts';
import { loadServices } from '../../steering/service-file.ts';
import { writeDocument } from '../compare/document.ts';
import { compareLive } from '../compare/live/command.ts';
import { livePage, liveText } from '../compare/live/text.ts';
import { comparisonText } from '../compare/text.ts';
import { Progress } from '../decide/progress.ts';
import { CommandError, EXIT } from '../exit.ts';
import { Output } from '../output.ts';
import { parseParameters } from '../parameters.ts';

interface CompareCommandOptions {
  readonly services?: string[];
  readonly set?: string[];
  readonly configuration: string;
  readonly vids?: string;
  readonly learn?: boolean;
  readonly json?: boolean;
  readonly html?: string;
  readonly write?: string;
  readonly quick?: boolean;
  readonly cost: boolean;
  readonly live?: boolean;
  readonly rate?: string;
  readonly rounds?: string;
}

/** `vidline compare` */
export function addCompare(program: Command): void {
  program
    .command('compare')
    .argument('[capture]', 'pcap or pcapng, also packed with gzip')
    .description(
      "a capture through the card's RTL, the software router in C++ and the reference: same decisions, and what each costs",
    )
    .option('--services <file...>', 'service files or folders')
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
    .option('--json', 'one JSON object, schema vidline.compare/1')
    .option('--html <file>', 'the report as one page with its pictures')
    .option('--write <file>', 'the report as Markdown, its pictures in a folder beside it')
    .option('--quick', 'short measurements: to see that all works, not for numbers')
    .option('--no-cost', 'compare only; nothing is measured')
    .option('--live', 'no capture: the same SIP calls by card, software, nftables and Kamailio')
    .option('--rate <calls>', 'with --live: calls a second of the rounds (default: 50)')
    .option('--rounds <number>', 'with --live: turns of each path (default: 3)')
    .action(async (capture: string | undefined, options: CompareCommandOptions) => {
      if (options.live) process.exitCode = await live(options);
      else process.exitCode = await compare(...given(capture, options));
    });
}

type WithServices = CompareCommandOptions & { readonly services: string[] };

/** A capture and services, without which there is nothing to compare. */
function given(
  capture: string | undefined,
  { services, ...options }: CompareCommandOptions,
): [capture: string, options: WithServices] {
  if (capture === undefined || services === undefined) {
    const what = capture === undefined ? 'a capture' : '--services';
    throw new CommandError(EXIT.usage, `give ${what}, or --live`);
  }
  return [capture, { ...options, services }];
}

async function live(options: CompareCommandOptions): Promise<number> {
  const whole = (name: string, text: string | undefined, otherwise: number) => {
    if (text === undefined) return otherwise;
    if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
    throw new CommandError(EXIT.usage, `${name} ${text}: give a whole number of 1 or more`);
  };
  const rate = whole('--rate', options.rate, 50);
  const rounds = whole('--rounds', options.rounds, 3);
  const { quick = false, write } = options;
  const machine = await describeMachine();
  const length = quick ? { seconds: 2, doublings: 0 } : { seconds: 10, doublings: 4 };
  const report = await compareLive({ rate, rounds, ...length });
  if (write !== undefined) writeFileSync(write, livePage(report, machineLine(machine)));
  const output = new Output(process.stdout);
  await output.write(options.json ? `${JSON.stringify(report)}\n` : liveText(report));
  const failed = report.paths.some(({ failed: calls }) => (calls?.high ?? 0) > 0);
  return failed ? EXIT.mismatch : EXIT.ok;
}

async function compare(capture: string, options: WithServices): Promise<number> {
  const { configuration, vids: vidFile, quick = false } = options;
  const loaded = loadServices(options.services, parseParameters(options.set));
  const services = options.learn ? learningAll(loaded) : loaded;
  const rules = services.flatMap((service) => service.rules);
  await checkCapture(capture);
  const machine = await describeMachine();
  const progress = new Progress(capture);
  const compared = await compareCapture(capture, {
    configuration,
    services,
    presets: ({ vids }) => (vidFile === undefined ? [] : loadVids(vidFile, rules, vids)),
    onRead: (bytes) => progress.read(bytes),
    onFrame: () => progress.frame(),
  }).finally(() => progress.end());
  const { rtl, router, reference, sample, ...frames } = compared;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const none = { costs: [], megaframesPerSecond: {} };
  const costs = options.cost
    ? await softwareCosts({
        sample,
        router: router.router,
        reference: reference.card,
        quick,
        say,
      })
    : { cpp: none, typescript: none, distributions: [] };
  const kernel = options.cost ? await kernelCosts({ quick, say }) : {};
  const report: CompareReport = {
    schema: SCHEMA,
    date: new Date().toISOString().replace(/\.\d+/, ''),
    command: `vidline compare ${commandLine()}`,
    capture: basename(capture),
    services: services.map(({ name }) => name),
    ...frames,
    engines: {
      rtl,
      cpp: {
        what: 'C++: host/router, allocation-free, 32 frames at a time with prefetch.',
        ...costs.cpp,
      },
      typescript: {
        what: 'TypeScript: host/steering, the readable reference.',
        ...costs.typescript,
      },
      ...kernel,
    },
    distributions: costs.distributions,
    machine,
    method: options.cost ? [...METHOD, ...KERNEL_METHOD] : METHOD,
    limits: LIMITS,
    published: PUBLISHED,
  };
  if (options.html !== undefined) writeFileSync(options.html, renderPage(report));
  if (options.write !== undefined) writeDocument(options.write, report);
  const output = new Output(process.stdout);
  await output.write(options.json ? `${JSON.stringify(report)}\n` : comparisonText(report));
  return report.mismatches === 0 ? EXIT.ok : EXIT.mismatch;
}

/** Without the folders that files lie in: those are nobody's business. */
function commandLine(): string {
  const words = process.argv.slice(process.argv.indexOf('compare') + 1);
  return words
    .map((word) => (word.includes('/') && existsSync(dirname(word)) ? basename(word) : word))
    .join(' ');
}
