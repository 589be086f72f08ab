import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { ControlSocket } from '../../switch/control-socket.ts';
import { GATEWAY_TOPOLOGY, hostOf } from '../namespaces/gateway-topology.ts';
import { drawPicture, type Mark } from './gateway-picture.ts';
import { type GatewayReport, judgeGateways, renderGateways } from './gateway-report.ts';
import { type LoadCounts, loadCounts } from './gtp-load-counts.ts';
import { LiveGateways } from './live-gateways.ts';
import { type Program, startProgram } from './program.ts';
import { TrafficWatch } from './traffic-watch.ts';
import { movedReport, typeCommand, vidReport } from './typed-command.ts';

export interface GatewayDemoOptions {
  readonly gateways: number;
  readonly sessions: number;
  /** Pings a second, of all users. */
  readonly rate: number;
  readonly json: boolean;
  /** SVG file, absolute. */
  readonly picture?: string;
  /** Milliseconds between heartbeats, and how many may be missed. */
  readonly heartbeat: number;
  readonly misses: number;
}

const LOAD = fileURLToPath(new URL('gtp-load-main.ts', import.meta.url));
const SETUP_RATE = 100;
/** Milliseconds of steady traffic between two things that are done. */
const QUIET = 4_000;
/** Milliseconds for each processor to report its load once more. */
const REPORTS = 1_500;
/** Gateways behind each fabric port: the sim configuration has six of them beside its two lines. */
const PER_PORT = 2;
/** Milliseconds for the copies of all VIDs to agree before a gateway is killed. */
const SETTLE = 30_000;
/** Milliseconds without a turn of a gateway's event loop until it is given up, at least: more than pauses last. */
const PROGRESS = 1_000;
/** Milliseconds by which clocks of two programs and a packet's way may differ. */
const SLACK = 100;

const say = (line: string) => void process.stderr.write(`${line}\n`);
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const until = async (condition: () => boolean) => {
  while (!condition()) await wait(50);
};
/** Runs the demo inside a cage, whose folder is given; resolves with whether it was good. */
export async function runGatewayDemo(
  options: GatewayDemoOptions,
  folder: string,
): Promise<boolean> {
  const { gateways, heartbeat, misses } = options;
  say(`Starting the card, the switch processor and ${gateways - 1} gateways.`);
  say(`A gateway whose heartbeats (each ${heartbeat} ms) are missed ${misses} times is given up.`);
  const live = await LiveGateways.start({
    ...{ gateways, first: gateways - 1, perPort: PER_PORT, observe: true },
    heartbeat: { interval: heartbeat, timeout: heartbeat * misses },
    progress: Math.max(PROGRESS, 2 * heartbeat * misses),
  });
  const watch = new TrafficWatch();
  live.system.simulated.on('decisions', (observations) => watch.take(observations));
  const socket = await ControlSocket.open(live.system.switch, {
    path: join(folder, 'control.sock'),
  });
  const demo = new GatewayDemo(options, live, watch, socket);
  try {
    return await demo.run();
  } finally {
    await demo.close();
  }
}

class GatewayDemo {
  readonly #options: GatewayDemoOptions;
  readonly #live: LiveGateways;
  readonly #watch: TrafficWatch;
  readonly #socket: ControlSocket;
  readonly #load: Program;
  readonly #marks: Mark[] = [];
  /** What went wrong on the way, in words. */
  readonly #problems: string[] = [];
  #counts: LoadCounts | undefined;
  #heard: ((counts: LoadCounts) => void) | undefined;

  constructor(
    options: GatewayDemoOptions,
    live: LiveGateways,
    watch: TrafficWatch,
    socket: ControlSocket,
  ) {
    this.#options = options;
    this.#socket = socket;
    this.#live = live;
    this.#watch = watch;
    const { client } = live.topology;
    const { sessions, rate } = options;
    const load = {
      ...{ interface: client.interface, gateway: GATEWAY_TOPOLOGY.address, sessions },
      ...{ address: hostOf(GATEWAY_TOPOLOGY.client), host: hostOf(GATEWAY_TOPOLOGY.host) },
      ...{ setupRate: SETUP_RATE, packetRate: rate },
    };
    say(`${sessions} users, half of GTPv1 and half of GTPv2; ${rate} pings a second.`);
    this.#load = startProgram({
      ...{ name: 'the load', namespace: client, program: LOAD, args: [JSON.stringify(load)] },
      event: (value) => {
        const read = loadCounts.safeParse(value).data;
        if (read === undefined) return;
        this.#counts = read;
        this.#heard?.(read);
      },
    });
  }

  readonly #down = ({ name }: { readonly name: string | undefined }, why: string): void => {
    say(`  ${name} is down: ${why}`);
  };

  async run(): Promise<boolean> {
    const { gateways } = this.#options;
    const { system } = this.#live;
    const { card, switch: sp } = system;
    sp.on('down', this.#down);
    await this.#event('open');
    const quietFrom = await card.time();
    await wait(QUIET);
    const quietTo = await card.time();

    say(`gw-${gateways} joins, and VIDs are rebalanced.`);
    const latecomer = this.#live.launch(gateways - 1);
    await latecomer.up;
    // What it can carry is known by its first report, and what the others carry by their latest.
    await until(() =>
      sp.status().processors.some(({ name, load }) => name === latecomer.name && load),
    );
    await wait(REPORTS);
    await this.#mark('rebalance');
    const rebalanced = await this.#moved('rebalance');
    await wait(QUIET);

    const drainedSlot = 1;
    const byName = await this.#moveBusiest(drainedSlot);
    await wait(QUIET);

    say('gw-2 is drained.');
    await this.#mark('drain gw-2');
    const drained = await this.#moved('slot', 'drain', `${drainedSlot}`);
    await wait(QUIET);

    const calm = await Promise.race([this.#live.inSync().then(() => true), wait(SETTLE)]);
    if (calm !== true) say('  not every VID has a backup that is in sync; on it goes.');
    // One that is there: on a busy machine another may be on its way back.
    const there = this.#live.gateways.filter(
      ({ name, slot }) => slot !== drainedSlot && sp.registry.byName(name)?.state === 'up',
    );
    const victim = there.find(({ slot }) => slot === 2) ?? there.find(({ slot }) => slot > 2);
    if (victim === undefined) throw new Error('no gateway is up that could be killed');
    say(`${victim.name} is killed.`);
    await this.#mark(`kill ${victim.name}`);
    const killedCard = await card.time();
    const killedAt = Date.now();
    victim.program.kill();
    await wait(QUIET);

    say('Users end their sessions.');
    await this.#mark('end');
    this.#load.tell('end');
    const end = await this.#event('end');
    return this.#finish({
      ...{ end, quietFrom, quietTo, killedAt, killedCard, victim: victim.slot },
      ...{ rebalanced, byName, drained },
    });
  }

  /** The VID with most traffic moves, to who neither has nor backs it up: all of its state moves, too. */
  async #moveBusiest(drainedSlot: number): Promise<number> {
    const { switch: sp } = this.#live.system;
    const vid = this.#watch.busiestVid() ?? 0;
    const row = sp.vids.lookup(vid);
    const to = this.#live.gateways.find(
      ({ name, slot }) =>
        slot !== drainedSlot &&
        ![row?.owner, row?.backup].includes(name) &&
        sp.registry.byName(name)?.state === 'up',
    )?.name;
    if (to === undefined) throw new Error(`no gateway is up that VID ${vid} could move to`);
    say(`VID ${vid} moves from ${row?.owner} to ${to}.`);
    await this.#mark(`move VID ${vid}`);
    const moved = await this.#type(['vid', 'move', `${vid}`, to], vidReport);
    return moved?.owner === to ? 1 : 0;
  }

  /** How many VIDs an operator's command moved. */
  async #moved(...command: string[]): Promise<number> {
    const report = await this.#type(command, movedReport);
    for (const { why } of report?.failures ?? []) this.#stopped(command, why);
    return report?.moved ?? 0;
  }

  /** What an operator's command printed; what stops it is told, and the demo goes on. */
  async #type<T>(command: readonly string[], report: z.ZodType<T>): Promise<T | undefined> {
    say(`  $ vidline ${command.join(' ')}`);
    try {
      return await typeCommand(command, this.#socket.path, report);
    } catch (error) {
      this.#stopped(command, (error as Error).message);
      return undefined;
    }
  }

  #stopped(command: readonly string[], why: string): void {
    say(`  ${why}`);
    this.#problems.push(`vidline ${command.join(' ')}: ${why}`);
  }

  async close(): Promise<void> {
    this.#live.system.switch.off('down', this.#down);
    this.#load.kill();
    await this.#socket.close();
    await this.#live.close();
  }

  #finish(seen: {
    readonly end: LoadCounts;
    readonly quietFrom: bigint;
    readonly quietTo: bigint;
    readonly killedAt: number;
    readonly killedCard: bigint;
    readonly victim: number;
    readonly rebalanced: number;
    readonly byName: number;
    readonly drained: number;
  }): boolean {
    const { end, quietFrom, quietTo, killedAt, killedCard, victim } = seen;
    const { gateways, json, picture, heartbeat, misses, sessions } = this.#options;
    const watch = this.#watch;
    const { switch: sp } = this.#live.system;
    const downs = sp.events().filter(({ what, cause }) => what === 'down' && cause !== 'host');
    const down = downs.find(
      ({ slot, cardTime = 0 }) => slot === victim && BigInt(cardTime) >= killedCard,
    );
    const downAt = down?.cardTime === undefined ? undefined : BigInt(down.cardTime);
    const status = sp.status();
    const punts = Object.entries(status.punted.reasons)
      .filter(([rule]) => rule.startsWith('gtp/'))
      .flatMap(([, reasons]) => Object.values(reasons))
      .reduce((sum, n) => sum + n, 0);
    const quiet = watch.between(quietFrom, quietTo, gateways).slice(0, gateways - 1);
    const unanswered = end.unanswered ?? [];
    // A slot and its door go down together, and each says so.
    const incarnation = ({ slot, epoch }: { slot: number; epoch: number }) => `${slot} ${epoch}`;
    const falseDowns = downs.filter(
      (it, i) =>
        (down === undefined || incarnation(it) !== incarnation(down)) &&
        downs.findIndex((other) => incarnation(other) === incarnation(it)) === i,
    );
    // What was on its way to one that was given up though it lived, and to its backup while that took over.
    const nearFalseDown = (sent: number) =>
      falseDowns.some(({ at }) => Math.abs(Date.parse(at) - sent) < heartbeat * misses + PROGRESS);
    const bySecond = watch.bySecond(gateways);
    const report = {
      schema: 'vidline.demo.gateway/1',
      sessions: { created: end.created, lost: end.lost },
      packets: {
        ...{ sent: end.sent, answered: end.answered, doubled: end.doubled },
        lost: unanswered.length,
      },
      failover: {
        ...{ heartbeatMs: heartbeat, misses },
        ...watch.failover(victim, killedCard, downAt),
        falseDowns: falseDowns.length,
      },
      moves: {
        ...{ rebalanced: seen.rebalanced, byName: seen.byName, drained: seen.drained },
        lost: unanswered.filter((sent) => sent < killedAt - SLACK && !nearFalseDown(sent)).length,
      },
      switchProcessor: {
        packetsPerSession: punts / Math.max(1, end.created),
        inDialog: status.punted.inDialog,
      },
      loadSpread: {
        max: Math.max(...quiet),
        mean: quiet.reduce((sum, n) => sum + n, 0) / quiet.length,
      },
      processors: this.#live.gateways.map(({ name, slot, counters }) => ({
        ...{ name, slot, created: counters.created, sessions: counters.sessions },
        packets: (bySecond[slot] ?? []).reduce((sum, n) => sum + n, 0),
      })),
    } as const;
    const problems = [...this.#problems, ...judgeGateways(report, sessions)];
    const whole: GatewayReport = { ...report, problems };
    if (picture !== undefined) {
      const series = this.#live.gateways.map(({ name, slot }) => ({
        ...{ name, values: bySecond[slot] ?? [] },
      }));
      const title = `${gateways} gateways, one address, ${sessions} sessions`;
      writeFileSync(picture, drawPicture(title, series, this.#marks));
      say(`Picture: ${picture}`);
    }
    const out = json ? process.stderr : process.stdout;
    out.write(`\n${renderGateways(whole).join('\n')}\n`);
    if (json) process.stdout.write(`${JSON.stringify(whole)}\n`);
    return problems.length === 0;
  }

  async #mark(words: string): Promise<void> {
    this.#marks.push({ at: this.#watch.second(await this.#live.system.card.time()), words });
  }

  /** Resolves with the load's next event of this kind; rejects when it ends without. */
  #event(kind: LoadCounts['event']): Promise<LoadCounts> {
    const heard = new Promise<LoadCounts>((resolve) => {
      const look = (read: LoadCounts) => {
        if (read.event === kind) resolve(read);
      };
      this.#heard = look;
      if (this.#counts !== undefined) look(this.#counts);
    });
    return Promise.race([heard, this.#load.lost]);
  }
}
