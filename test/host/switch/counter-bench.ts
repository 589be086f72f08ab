/**
 * A switch processor with processors that replicate, in one process and on a manual clock, over any
 * ground: `counter-server.ts` behind fabric ports, a client on line port 0.
 */
import { Card } from '../../../driver/index.ts';
import type { DatagramSocket } from '../../../host/processor/datagram-endpoint.ts';
import { Processor, type ProcessorOptions } from '../../../host/processor/processor.ts';
import { UserlandEndpoint } from '../../../host/processor/userland-endpoint.ts';
import { ManualClock } from '../../../host/protocol/clock.ts';
import { HEARTBEAT_ETHERTYPE } from '../../../host/protocol/heartbeat.ts';
import { parseService } from '../../../host/steering/service-file.ts';
import type { SwitchProcessorOptions } from '../../../host/switch/switch-options.ts';
import { SwitchProcessor } from '../../../host/switch/switch-processor.ts';
import type { SwitchState } from '../../../host/switch/switch-state.ts';
import type { VidAssignment } from '../../../host/switch/vid-manager.ts';
import { CLIENT, CONTROL, type Ground, VIRTUAL } from './bench.ts';
import { CounterServer, type CounterServerOptions } from './counter-server.ts';
import { CounterSetup } from './counter-setup.ts';
import { MortalTransport } from './mortal-transport.ts';
import { ThreadBeats, Worker } from './worker.ts';

export const WELL_KNOWN = 4000;
export const BASE = 20_000;

/** Ports 20000 to 23999 for VIDs 0 to 3999. */
export const COUNTER_SERVICES = [
  parseService(
    `
service: counter
rules:
  - name: initial
    match: { protocol: udp, destination: ${VIRTUAL}, port: ${WELL_KNOWN} }
    setup: always
  - name: session
    match: { protocol: udp, destination: ${VIRTUAL}, port: ${BASE}-${BASE + 3999} }
    identifier: { port: { base: ${BASE}, shift: 0 } }
`,
    'counter.yaml',
  ),
];

/** Milliseconds between heartbeats, and how many may be missed. */
export const HEALTH = { interval: 1, timeout: 3, poll: 2 };

export interface CounterProcessor {
  readonly name: string;
  readonly port: number;
  readonly server: CounterServer;
  readonly processor: Processor;
  readonly endpoint: UserlandEndpoint;
  /** Its event loop. */
  readonly worker: Worker;
  /** The thread that sends its heartbeats, where it has one. */
  beats: ThreadBeats | undefined;
  /** When a datagram for a VID or the well-known port came to it: the bench's milliseconds. */
  readonly arrivals: { readonly at: number; readonly text: string }[];
  /** Nothing leaves it, nothing reaches it; its memory stays. */
  frozen: boolean;
  /** It dies with so many more frames sent: in the middle of what it does. Heartbeats do not count. */
  fuse: number;
  /** When frames came to its port while it was frozen, or dead. */
  readonly missed: number[];
}

export class CounterBench {
  readonly clock: ManualClock;
  readonly ground: Ground;
  readonly processors: CounterProcessor[] = [];
  readonly failures: Error[] = [];
  /** What came back, in order. */
  readonly answers: string[] = [];
  /** Called with each frame that a processor sends, heartbeats left out: to act in the middle of things. */
  between: () => void = () => {};
  sp: SwitchProcessor;
  /** What the switch processor has written down, as `vidline serve --state` does. */
  saved: SwitchState | undefined;
  #line: MortalTransport | undefined;
  readonly #options: Partial<SwitchProcessorOptions>;
  readonly #fabricPorts: number;
  #socket: DatagramSocket | undefined;
  readonly #client: UserlandEndpoint;

  constructor(
    ground: Ground,
    options: Partial<SwitchProcessorOptions> = {},
    fabricPorts = 4,
    clock = new ManualClock(),
  ) {
    this.ground = ground;
    this.clock = clock;
    this.#options = options;
    this.#fabricPorts = fabricPorts;
    this.sp = this.#makeSwitch(ground.card);
    this.#client = new UserlandEndpoint({
      address: CLIENT,
      mac: '0a:00:00:00:00:64',
      clock: this.clock,
      answers: true,
      send: (frame) => ground.feed(0, frame),
    });
    ground.onPort(0, (frame) => this.#client.receive(frame));
  }

  /** A switch processor with a line of its own to the card, started. */
  async #startSwitch(restore?: SwitchState): Promise<SwitchProcessor> {
    const line = new MortalTransport(this.ground.card.transport);
    this.#line = line;
    const sp = this.#makeSwitch(await Card.attach(line), restore);
    sp.on('changed', () => {
      if (!line.isDead) this.saved = structuredClone(sp.snapshot());
    });
    this.sp = sp;
    await sp.start();
    return sp;
  }

  #makeSwitch(card: Card, restore?: SwitchState): SwitchProcessor {
    const ports = Array.from({ length: this.#fabricPorts }, (_, i) => i + 1);
    const sp = new SwitchProcessor({
      card,
      services: COUNTER_SERVICES,
      handlers: [new CounterSetup()],
      ports: [
        { port: 0, role: 'line' },
        ...ports.map((port) => ({ port, role: 'fabric' as const })),
      ],
      slots: ports.map((port) => ({ slot: port - 1, port, linePort: 0 })),
      virtualAddresses: [VIRTUAL],
      controlAddress: CONTROL,
      vidsPerProcessor: 4,
      reportInterval: 100,
      reportTimeout: 2000,
      health: HEALTH,
      clock: this.clock,
      ...this.#options,
      ...(restore === undefined ? {} : { restore }),
    });
    sp.on('failed', (error) => this.failures.push(error));
    return sp;
  }

  /** Starts so many processors, one behind each fabric port; resolves when all copies agree. */
  async start(count: number): Promise<CounterProcessor[]> {
    await this.#startSwitch();
    this.#socket = await this.#client.bind(7000, (payload) => this.answers.push(`${payload}`));
    for (let i = 0; i < count; i++) await this.startProcessor(`p${i + 1}`, i + 1);
    if (count > 1) await this.until(() => this.settled());
    return [...this.processors];
  }

  async startProcessor(
    name: string,
    port: number,
    options: Partial<CounterServerOptions> = {},
    more: Partial<ProcessorOptions> = {},
    /** Heartbeats come from a thread of their own. */
    thread = false,
  ): Promise<CounterProcessor> {
    const worker = new Worker(this.clock);
    const arrivals: { at: number; text: string }[] = [];
    const send = (frame: Buffer) => {
      const isBeat = frame.readUInt16BE(12) === HEARTBEAT_ETHERTYPE;
      if (!isBeat && made.fuse-- <= 0) made.frozen = true;
      if (made.frozen) return;
      this.ground.feed(port, frame);
      if (!isBeat) this.between();
    };
    const beat = (frame: Uint8Array, interval: number, patience: number) => {
      const beats = new ThreadBeats(this.clock, () => send(Buffer.from(frame)), interval, patience);
      made.beats = beats;
      return beats;
    };
    const endpoint = new UserlandEndpoint({
      address: VIRTUAL,
      mac: `06:00:00:00:00:0${port}`,
      clock: worker,
      send,
      ...(thread ? { beat } : {}),
    });
    const bind = endpoint.bind.bind(endpoint);
    endpoint.bind = (udpPort, listener) =>
      bind(udpPort, (payload, from) => {
        if (udpPort !== 0) arrivals.push({ at: this.clock.now(), text: `${payload}` });
        listener(payload, from);
      });
    const server = new CounterServer({ endpoint, clock: worker, ...options });
    const processor = new Processor({
      name,
      endpoint,
      control: { address: CONTROL },
      clock: worker,
      load: () => server.load(),
      listen: (assignment) => server.listen(assignment),
      replication: server.replication,
      ...more,
    });
    const made: CounterProcessor = {
      ...{ name, port, server, processor, endpoint, worker, beats: undefined, arrivals },
      ...{ frozen: false, fuse: Infinity, missed: [] },
    };
    this.ground.onPort(port, (frame) => {
      if (made.frozen) made.missed.push(this.clock.now());
      else worker.run(() => endpoint.receive(frame));
    });
    this.processors.push(made);
    let failure: Error | undefined;
    processor.start().catch((error: Error) => {
      failure = error;
    });
    await this.until(() => {
      if (failure !== undefined) throw failure;
      return processor.up;
    });
    return made;
  }

  /** As a kill -9 does: nothing reaches it, nothing leaves it, its memory is gone. */
  kill(victim: CounterProcessor): void {
    victim.frozen = true;
    victim.server.close();
    this.processors.splice(this.processors.indexOf(victim), 1);
  }

  /**
   * The switch processor is gone at once, or with so many more accesses to the card: in the middle of
   * whatever it does. What counts is what it had saved by then.
   */
  crashSwitch(accesses = 0): void {
    const { sp } = this;
    this.#line?.dieAfter(accesses, () => void sp.close());
  }

  get hasCrashed(): boolean {
    return this.#line?.isDead === true;
  }

  /** Another one goes on with what the last had saved. */
  async restartSwitch(): Promise<void> {
    await this.#startSwitch(this.saved);
  }

  rows(): VidAssignment[] {
    return this.sp.vids.list();
  }

  allInSync(): boolean {
    return this.rows().every(({ inSync }) => inSync);
  }

  /** Each VID has a backup in sync, and nothing is under way. */
  settled(): boolean {
    return this.rows().every(({ inSync, next, home }) => inSync && !next && !home);
  }

  send(text: string, port = WELL_KNOWN): void {
    this.#socket?.send(Buffer.from(text), { address: VIRTUAL, port });
  }

  /** Opens sessions and resolves with their ports, by name. */
  async open(count: number, prefix = 's'): Promise<Map<string, number>> {
    const ports = new Map<string, number>();
    const names = Array.from({ length: count }, (_, n) => `${prefix}${n}`);
    for (let tries = 0; ports.size < count; tries++) {
      if (tries === 20) throw new Error(`${count - ports.size} sessions could not be opened`);
      // A few at a time: a question for an address keeps only so many datagrams waiting.
      const missing = names.filter((name) => !ports.has(name));
      for (let at = 0; at < missing.length; at += 8) {
        for (const name of missing.slice(at, at + 8)) this.send(`new ${name}`);
        await this.tick();
      }
      for (const answer of this.answers) {
        const [verb, id = '', port] = answer.split(' ');
        if (verb === 'ok' && id.startsWith(prefix)) ports.set(id, Number(port));
      }
    }
    return ports;
  }

  /** Asks for each session's count until all have answered; rejects where one is gone. */
  async alive(ports: ReadonlyMap<string, number>, tag: string): Promise<void> {
    const answers = (id: string) => this.answered('is', id).some(([, , what]) => what === tag);
    const missing = () => [...ports].filter(([id]) => !answers(id));
    for (let tries = 0; missing().length > 0; tries++) {
      if (tries === 20) throw new Error(`${tag}: no answer of ${missing().map(([id]) => id)}`);
      for (const [id, port] of missing()) this.send(`get ${id} ${tag}`, port);
      await this.advance(5);
    }
    const none = this.answers.filter((answer) => answer.startsWith('none'));
    if (none.length > 0) throw new Error(`${tag}: ${none}`);
  }

  settle(): Promise<void> {
    return this.ground.settle();
  }

  /** The processor that owns a VID's port, by the switch processor's word. */
  ownerOf(port: number): CounterProcessor {
    const owner = this.sp.vids.lookup(port - BASE)?.owner;
    const found = this.processors.find(({ name }) => name === owner);
    if (found === undefined)
      throw new Error(`VID ${port - BASE} is ${owner}'s, which is not there`);
    return found;
  }

  /** What was answered to `verb ID`, the last one first. */
  answered(verb: string, id: string): string[][] {
    const words = this.answers.map((answer) => answer.split(' '));
    return words.filter(([what, who]) => what === verb && who === id).reverse();
  }

  /** One millisecond: timers first, then the frames that they made, then the card's time. */
  async tick(): Promise<void> {
    this.clock.advance(1);
    await this.settle();
    await this.ground.advance(1);
    await this.settle();
  }

  async advance(milliseconds: number): Promise<void> {
    for (let n = 0; n < milliseconds; n++) await this.tick();
  }

  async until(condition: () => boolean, most = 3000): Promise<void> {
    await this.settle();
    for (let n = 0; n < most; n++) {
      if (condition()) return;
      await this.tick();
    }
    const rows = this.rows().filter(({ inSync, next, home }) => !inSync || next || home);
    throw new Error(
      `the condition did not come true within ${most} ms of the bench clock; not settled are ` +
        JSON.stringify(rows),
    );
  }

  async close(): Promise<void> {
    for (const { server, endpoint } of this.processors) {
      server.close();
      await endpoint.close();
    }
    await this.#client.close();
    await this.sp.close();
  }
}
