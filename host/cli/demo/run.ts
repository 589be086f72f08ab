import { type Configuration, readConfiguration } from '../../../sim/index.ts';
import { CommandError, EXIT } from '../exit.ts';
import { SIP_SERVICE, System } from '../system.ts';
import type { CallCounts, Caller, CallerResult } from './caller.ts';
import { Capture } from './capture.ts';
import type { DemoNetwork } from './network.ts';
import { ADDRESSES, type DemoOptions } from './options.ts';
import type { DemoProcessor } from './processors.ts';
import { type DemoReport, judge } from './report.ts';
import { progressLine, renderSummary, renderTable, Screen, type View } from './screen.ts';
import { summarise } from './summarise.ts';

const CONFIGURATION = 'sim';
/** What the boards have (hdl/boards): 62.5 MHz. Of their serial lines this is the fastest, four clocks a bit. */
const BOARD = {
  configuration: 'ecp5-25',
  clockKhz: 62_500,
  baud: 15_625_000,
  rmii: false,
} as const;
/** Milliseconds between looks at the card, on a terminal and in a log. */
const LOOK = { terminal: 500, log: 5_000 };
/** Milliseconds for the processors to come up, all of them. */
const START_TIME = 60_000;
/** Milliseconds for calls under way to end when somebody stops the demo. */
const STOP_TIME = 3_000;
/** Clocks of a waveform; more than a minute of Wireshark-like reading, and still a small file. */
const WAVE_CLOCKS = 200_000;

const say = (line: string) => void process.stderr.write(`${line}\n`);

/**
 * Runs the demo on a network that `makeNetwork` makes, and resolves with its exit status. `stop`
 * ends it early: status 130, as after Ctrl-C. Whatever happens, all that it started is ended.
 */
export async function runDemo(
  options: DemoOptions,
  makeNetwork: () => Promise<DemoNetwork>,
  stop: AbortSignal,
): Promise<number> {
  const capture = openCapture(options);
  let demo: Demo | undefined;
  try {
    const network = await makeNetwork();
    demo = await Demo.start(options, network, capture);
    return await demo.run(stop);
  } finally {
    await demo?.close();
    capture?.close();
    if (capture) say(`Captures for Wireshark:\n  ${capture.paths.join('\n  ')}`);
    if (options.wave) say(`Waveform for GTKWave: ${options.wave}`);
  }
}

function openCapture(options: DemoOptions): Capture | undefined {
  if (options.capture === undefined) return undefined;
  const { parameters }: Configuration = readConfiguration(CONFIGURATION);
  const fabric = Array.from({ length: options.processors }, (_, n) => ({
    port: n + 1,
    name: `fabric${n}`,
    file: `fabric-${n}`,
  }));
  const ports = [
    { port: 0, name: 'line0', file: 'line' },
    ...fabric,
    { port: parameters.PORTS ?? 0, name: 'host', file: 'host' },
  ];
  try {
    return new Capture(options.capture, ports);
  } catch (error) {
    const why = (error as Error).message;
    throw new CommandError(
      EXIT.badInput,
      `--capture: ${why}; name a folder, or a new one in a folder that can be written to`,
    );
  }
}

/** Something that ends the demo before its time. */
class Ended extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'Ended';
    this.status = status;
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #network: DemoNetwork;
  readonly #system: System;
  readonly #processors: readonly DemoProcessor[];
  /** Rejects when a part is gone that the demo cannot do without. */
  readonly #broken: Promise<never>;
  #caller: Caller | undefined;
  #began = 0;
  readonly #opened = performance.now();

  private constructor(
    options: DemoOptions,
    network: DemoNetwork,
    system: System,
    processors: readonly DemoProcessor[],
  ) {
    this.#options = options;
    this.#network = network;
    this.#system = system;
    this.#processors = processors;
    const card = new Promise<never>((_, reject) => {
      system.switch.on('failed', (error) => {
        reject(new Ended(EXIT.simulator, `the card or its driver failed: ${error.message}`));
      });
    });
    const lost = processors.map((processor) =>
      processor.lost.catch((error: Error): never => {
        throw new Ended(EXIT.mismatch, error.message);
      }),
    );
    this.#broken = Promise.race([card, ...lost]);
    this.#broken.catch(() => {}); // whoever awaits it hears of it
  }

  static async start(
    options: DemoOptions,
    network: DemoNetwork,
    capture: Capture | undefined,
  ): Promise<Demo> {
    const { configuration, ...board } = options.board ? BOARD : { configuration: CONFIGURATION };
    const where = options.board ? 'a board at its pins, the driver on its serial line' : 'the card';
    say(`Starting ${where} (${configuration}) and the switch processor.`);
    const { fabric } = network;
    const system = await System.start({
      configuration,
      services: [SIP_SERVICE],
      parameters: { address: ADDRESSES.virtualAddress },
      ports: [
        { port: 0, role: 'line' },
        ...[...new Set(fabric)].map((port) => ({ port, role: 'fabric' as const })),
      ],
      slots: fabric.map((port, slot) => ({ slot, port, linePort: 0 })),
      virtualAddresses: [ADDRESSES.virtualAddress],
      controlAddress: ADDRESSES.controlAddress,
      attach: (card) => network.attach(card),
      observe: capture !== undefined,
      ...(options.wave === undefined ? {} : { trace: { file: options.wave, to: WAVE_CLOCKS } }),
      ...('baud' in board ? { board } : {}),
    });
    if (capture) {
      capture.nameRules(system.switch.services.rules.map(({ name }) => name));
      system.simulated.on('decisions', (observations) => capture.write(observations));
    }
    say(`Starting ${options.processors} SIP servers.`);
    return new Demo(options, network, system, network.startProcessors());
  }

  /** Resolves with the exit status. */
  async run(stop: AbortSignal): Promise<number> {
    const stopped = new Promise<never>((_, reject) => {
      const end = () => reject(new Ended(130, 'stopped before its end'));
      if (stop.aborted) end();
      stop.addEventListener('abort', end, { once: true });
    });
    stopped.catch(() => {}); // looked at below
    const problems: string[] = [];
    let status: number = EXIT.ok;
    let result: CallerResult | undefined;
    try {
      await Promise.race([this.#allUp(), this.#broken, stopped]);
      result = await this.#call(Promise.race([this.#broken, stopped]));
      if (result.status > 1) problems.push(`the client could not work (status ${result.status})`);
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      problems.push(error.message);
      status = error.status;
      if (status === EXIT.simulator) throw error;
      result = await this.#stopCalls();
    }
    if (result === undefined) {
      for (const problem of problems) say(`NOT GOOD: ${problem}`);
      return status;
    }
    return this.#finish(result, problems, status);
  }

  async close(): Promise<void> {
    this.#caller?.kill();
    await Promise.all(this.#processors.map((processor) => processor.stop()));
    await this.#system.close();
  }

  async #allUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const { registry } = this.#system.switch;
        const states = registry.slots.map(({ slot, state }) => `slot ${slot} is ${state}`);
        reject(
          new Ended(
            EXIT.mismatch,
            `not all SIP servers came up within ${START_TIME / 1000} s: ${states.join(', ')}`,
          ),
        );
      }, START_TIME);
    });
    try {
      await Promise.race([Promise.all(this.#processors.map(({ up }) => up)), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Makes the calls, shows how it goes; rejects as `broken` does. */
  async #call(broken: Promise<never>): Promise<CallerResult> {
    const { calls, rate } = this.#options;
    say(`Calling ${ADDRESSES.virtualAddress}: ${calls} calls, ${rate} a second.`);
    this.#began = performance.now();
    const caller = this.#network.startCaller();
    this.#caller = caller;
    const terminal = process.stderr.isTTY;
    const screen = new Screen(process.stderr);
    let looking: Promise<void> | undefined;
    const look = async () => {
      const view = await this.#view(await caller.progress());
      if (terminal) screen.draw(renderTable(view));
      else say(progressLine(view));
    };
    const ticker = setInterval(
      () => {
        // A look that takes longer than the interval is not overtaken by the next one.
        looking ??= look()
          .catch(() => {}) // the card is gone; `broken` says so
          .finally(() => {
            looking = undefined;
          });
      },
      terminal ? LOOK.terminal : LOOK.log,
    );
    try {
      return await Promise.race([caller.ended, broken]);
    } finally {
      clearInterval(ticker);
      await looking;
      screen.clear();
    }
  }

  /** Ends the calls before their time; undefined when there were none. */
  async #stopCalls(): Promise<CallerResult | undefined> {
    const caller = this.#caller;
    if (caller === undefined) return undefined;
    caller.quit();
    const timer = setTimeout(() => caller.kill(), STOP_TIME);
    const result = await caller.ended;
    clearTimeout(timer);
    return result;
  }

  async #finish(result: CallerResult, problems: string[], status: number): Promise<number> {
    // They count their calls exactly when they end.
    await Promise.all(this.#processors.map((processor) => processor.stop()));
    const view = await this.#view(result.counts);
    const wanted = status === EXIT.ok ? this.#options.calls : undefined;
    problems.push(...judge(view.report, wanted));
    const report: DemoReport = { ...view.report, problems };
    const good = problems.length === 0;
    const summary = renderSummary(view, problems);
    for (const [cause, times] of Object.entries(result.counts.causes)) {
      summary.push(`  failed calls: ${cause} ${times}`);
    }
    if (!good) summary.push(...result.complaints.map((line) => `  client: ${line}`));
    // Standard output is data: with --json the object, else the table.
    const out = this.#options.json ? process.stderr : process.stdout;
    out.write(`\n${summary.join('\n')}\n`);
    if (this.#options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return status !== EXIT.ok ? status : good ? EXIT.ok : EXIT.mismatch;
  }

  /** How the driver comes to a board, and how fast that is simulated. */
  #carried(clocks: number): Pick<DemoReport, 'transport' | 'timeScale'> {
    const seconds = (performance.now() - this.#opened) / 1000;
    return { transport: 'serial', timeScale: clocks / (BOARD.clockKhz * 1000) / seconds };
  }

  async #view(calls: CallCounts): Promise<View> {
    const { simulated, card, switch: switchProcessor } = this.#system;
    const status = switchProcessor.status();
    const [counters, statistics] = await Promise.all([card.snapshot(), simulated.statistics()]);
    return {
      seconds: (performance.now() - this.#began) / 1000,
      wanted: this.#options.calls,
      rate: this.#options.rate,
      current: calls.current,
      begun: status.processors.reduce((sum, { assigned }) => sum + assigned, 0),
      report: summarise({
        network: this.#network.kind,
        ...(this.#options.board ? this.#carried(statistics.clocks) : {}),
        calls,
        counters,
        statistics,
        rules: switchProcessor.services.rules,
        punted: status.punted,
        processors: this.#processors.map(({ name, vids, calls: had }, index) => ({
          name,
          vids,
          calls: had,
          slot: switchProcessor.registry.byName(name)?.slot ?? index,
        })),
        card: {
          configuration: simulated.configuration,
          dataWidth: simulated.dataWidth,
          build: (simulated.buildId >>> 0).toString(16).padStart(8, '0'),
        },
      }),
    };
  }
}
