/** The simulated card as a JavaScript object. */
import { EventEmitter } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Observation, SimulatedHostFrame } from './batches.ts';
import { pack, unpackFrames, unpackHostFrames, unpackObservations } from './batches.ts';
import type { Board, StandIn } from './build.ts';
import { ensureBuilt } from './build.ts';
import { Calls, SimulationError } from './calls.ts';
import type { NativeCard, NativeMail } from './native.ts';
import { loadAddon } from './native.ts';
import type { SimulationStatistics } from './statistics.ts';
import { shapeStatistics } from './statistics.ts';

export interface SimulatedCardOptions {
  /** Name in hdl/configurations.yaml. */
  readonly configuration: string;
  /**
   * `live`: runs by itself on a thread of its own, in real time, and sleeps when there is nothing to
   * do. `lockstep`: clocks only when asked, time only when set; the same calls give the same clocks.
   */
  readonly mode: 'live' | 'lockstep';
  /** FST waveform of the clocks from (0) to, not including, to (no end); builds the tracing variant. */
  readonly trace?: { readonly file: string; readonly from?: number; readonly to?: number };
  /** Deliver `decisions`: each frame with its decision. Costs a copy of each frame. */
  readonly observe?: boolean;
  /**
   * What registers and RAM without reset hold at first follows from it; 0: zeros. 1 where not given:
   * a card at power-up holds no defined value.
   */
  readonly seed?: number;
  /**
   * The card with its host on the serial line in place of its pins, at so many clocks a bit (4 and more):
   * `attachSerial` says where a host finds it; `access`, `inject` and `frames` are that host's business.
   */
  readonly clocksPerBit?: number;
  /**
   * A board's core, its pins simulated one by one: PHYs at its ports (`setPhy`), its host on the serial line, and
   * its time that of its clock. 62.5 MHz, a line of a fourth of that and RGMII where not given. Nobody can
   * `observe` it.
   */
  readonly board?: Partial<Board>;
  /** In place of the card: for tests of the simulation itself. */
  readonly standIn?: StandIn;
}

export interface SimulatedCardEvents {
  /** Frames for the host, in the card's order. */
  frames: [frames: SimulatedHostFrame[]];
  /** With `observe`: frames that have had their end, in each batch in the order of the decisions. */
  decisions: [observations: Observation[]];
  /** Frames that left by a memory port. */
  port: [port: number, frames: Buffer[]];
  /** The model ended; nothing works from now on. */
  failed: [error: Error];
}

export interface StreamPatterns {
  /** Chance in 256 that a clock in which a beat could go in has none. */
  readonly gaps?: number;
  /** Chance in 256 that a clock is not ready to take a beat out. */
  readonly pressure?: number;
  /** Of the pseudo-random sequence; 1 where not given. */
  readonly seed?: number;
  /** Start a frame only when the card has room for it (true where not given), so that none is lost. */
  readonly heedRoom?: boolean;
}

/** Chances, from 0 to 1, in both directions. */
export interface LineNoise {
  /** That a bit arrives the other way round, start and stop bits too. */
  readonly bitErrors?: number;
  /** That an octet does not arrive. */
  readonly lost?: number;
  /** That an octet arrives twice. */
  readonly doubled?: number;
  /** Of the pseudo-random sequence; 1 where not given. */
  readonly seed?: number;
}

/** The PHY of a board's port, and what is at the other end of its cable. */
export interface PhySettings {
  /** Mb/s. A change breaks off what is on the line. */
  readonly speed?: 10 | 100 | 1000;
  readonly fullDuplex?: boolean;
  /** false: its receive clock stands, and nothing comes. */
  readonly clock?: boolean;
  /** false: frames arrive as short as they are, in place of 60 octets without FCS. */
  readonly pad?: boolean;
}

export interface SimulatedAccess {
  /** Bytes, a multiple of 4. */
  readonly address: number;
  readonly write?: number;
}

export interface SimulatedInject {
  /** `inject` record of hdl/registers.yaml. */
  readonly record: number;
  readonly data: Uint8Array;
}

/** The fastest line that there is: a bit is four clocks. */
function boardOf({
  clockKhz = 62_500,
  rmii = false,
  baud = clockKhz * 250,
}: Partial<Board>): Board {
  if (clockKhz < 50_000 || baud > clockKhz * 250)
    throw new RangeError(
      `a board of ${clockKhz} kHz and ${baud} baud: 50 MHz and a fourth of that`,
    );
  return { clockKhz, baud, rmii };
}

/** What nobody listens to is kept until it is fetched. */
class Kept<T> {
  #items: T[] = [];
  add(items: readonly T[]): void {
    for (const item of items) this.#items.push(item);
  }
  take(): T[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}

/**
 * Frames, decisions and port frames go to the listeners of their events; where there is none, they
 * are kept and the calls `hostFrames`, `decisions` and `received` take them out.
 * All calls reject with `SimulationError`; after the model's end each with the model's message.
 */
export class SimulatedCard extends EventEmitter<SimulatedCardEvents> {
  readonly configuration: string;
  readonly mode: 'live' | 'lockstep';
  /** What the card reports as `build_id`. */
  readonly buildId: number;
  /** Network ports. */
  ports = 0;
  /** Bits of the data path. */
  dataWidth = 0;

  readonly #calls = new Calls();
  readonly #native: NativeCard;
  readonly #decisionWords: number;
  readonly #opened = performance.now();
  readonly #speed: number;
  readonly #hostFrames = new Kept<SimulatedHostFrame>();
  readonly #decisions = new Kept<Observation>();
  readonly #received = new Map<number, Kept<Buffer>>();
  readonly #handlers = new Map<number, (frames: Buffer[]) => void>();
  #closed = false;

  private constructor(
    options: SimulatedCardOptions,
    built: { readonly addonPath: string; readonly buildId: number },
  ) {
    super();
    this.configuration = options.configuration;
    this.mode = options.mode;
    this.buildId = built.buildId;
    this.#speed = options.board?.rmii ? 100 : 1000;
    const addon = loadAddon(built.addonPath);
    this.#decisionWords = addon.decisionWords;
    const { trace } = options;
    this.#native = new addon.NativeCard(
      {
        live: options.mode === 'live',
        observe: options.observe ?? false,
        seed: options.seed ?? 1,
        ...(trace
          ? { trace: { file: trace.file, from: trace.from ?? 0, to: trace.to ?? 2 ** 53 } }
          : {}),
      },
      (mail) => this.#take(mail),
    );
  }

  /** Builds the simulation if it is not there, and starts a card that has just been reset. */
  static async open(options: SimulatedCardOptions): Promise<SimulatedCard> {
    const { trace, board } = options;
    if (board && options.observe) throw new RangeError('a board does not show its decisions');
    if (trace) closeSync(openSync(trace.file, 'w')); // fails here, not within the model
    const built = await ensureBuilt({
      configuration: options.configuration,
      trace: trace !== undefined,
      ...(options.clocksPerBit === undefined ? {} : { clocksPerBit: options.clocksPerBit }),
      ...(board ? { board: boardOf(board) } : {}),
      ...(options.standIn ? { standIn: options.standIn } : {}),
    });
    const card = new SimulatedCard(options, built);
    try {
      const { numbers } = await card.#calls.call(() => {});
      card.ports = numbers?.ports ?? 0;
      card.dataWidth = numbers?.dataWidth ?? 0;
    } catch (error) {
      await card.close();
      throw error;
    }
    return card;
  }

  /**
   * Puts a port on queues in memory: `send` feeds it; what it sends goes to `onFrames`, else to the
   * event `port`, else it is kept for `received`.
   */
  async attachMemory(port: number, onFrames?: (frames: Buffer[]) => void): Promise<void> {
    await this.#calls.call((id) => this.#native.attachMemory(id, port));
    if (onFrames) this.#handlers.set(port, onFrames);
  }

  /** Puts a port on a network interface of this process's network namespace. Live mode only. */
  async attachInterface(port: number, interfaceName: string): Promise<void> {
    await this.#calls.call((id) => this.#native.attachInterface(id, port, interfaceName));
  }

  /**
   * Puts the serial line on a pseudo-terminal, and resolves with its path. In lock-step octets from there
   * make the clock run until the card is idle; otherwise it runs when asked, as ever.
   */
  async attachSerial(): Promise<string> {
    return (await this.#calls.call((id) => this.#native.attachSerial(id))).text ?? '';
  }

  /** Pulls the plug: the pseudo-terminal is gone. */
  async detachSerial(): Promise<void> {
    await this.#calls.call((id) => this.#native.detachSerial(id));
  }

  /** Noise on the serial line from now on. */
  async setLineNoise({ bitErrors = 0, lost = 0, doubled = 0, seed = 1 }: LineNoise): Promise<void> {
    const chances = [bitErrors, lost, doubled].map((chance) => Math.round(chance * 1e6));
    const [bits = 0, none = 0, twice = 0] = chances;
    await this.#calls.call((id) => this.#native.setNoise(id, bits, none, twice, seed));
  }

  /**
   * Feeds a memory port with Ethernet frames without FCS, back to back. Resolves when they are
   * queued. `bad` marks frames as the receiver does that finds a wrong FCS.
   */
  async send(
    port: number,
    frames: readonly Uint8Array[],
    options: { readonly bad?: readonly boolean[] } = {},
  ): Promise<void> {
    const { bytes, lengths } = pack(frames);
    const bad = options.bad && Uint32Array.from(frames, (_, index) => Number(options.bad?.[index]));
    await this.#calls.call((id) => this.#native.send(id, port, bytes, lengths, bad));
  }

  /** Live: resolves when the card has taken the frames. Lock-step: when they are queued. */
  async inject(frames: readonly SimulatedInject[]): Promise<void> {
    const { bytes, lengths } = pack(frames.map(({ data }) => data));
    const records = Uint32Array.from(frames, ({ record }) => record);
    await this.#calls.call((id) => this.#native.inject(id, bytes, lengths, records));
  }

  /**
   * Register accesses in order; resolves with the value read or written by each. In lock-step this
   * takes as many clocks as it needs, in which frames move on.
   */
  async access(accesses: readonly SimulatedAccess[]): Promise<Uint32Array> {
    const words = new Uint32Array(accesses.length * 3);
    for (const [index, { address, write }] of accesses.entries()) {
      if (address % 4 !== 0 || address < 0 || address >= 2 ** 24)
        throw new RangeError(`register address ${address}: not a multiple of 4 below 2^24`);
      words.set([address, write === undefined ? 0 : 1, write ?? 0], index * 3);
    }
    const reply = await this.#calls.call((id) => this.#native.access(id, words));
    return reply.words ?? new Uint32Array();
  }

  /** Gaps and back-pressure on one port, or on the host's streams. */
  async setPatterns(port: number | 'host', patterns: StreamPatterns): Promise<void> {
    const { gaps = 0, pressure = 0, seed = 1, heedRoom = true } = patterns;
    const index = port === 'host' ? this.ports : port;
    await this.#calls.call((id) =>
      this.#native.setPatterns(id, index, gaps, pressure, seed, heedRoom),
    );
  }

  /** The link of a network port comes or goes; all are there at first. */
  async setLink(port: number, up: boolean): Promise<void> {
    await this.#calls.call((id) => this.#native.setLink(id, port, up));
  }

  /** Of a board's port; what is not given is a gigabit PHY that is in order (RMII: 100 Mb/s). */
  async setPhy(port: number, settings: PhySettings): Promise<void> {
    const { speed = this.#speed, fullDuplex = true, clock = true, pad = true } = settings;
    await this.#calls.call((id) => this.#native.setPhy(id, port, speed, fullDuplex, clock, pad));
  }

  /** Lock-step: the card's time in microseconds from the next clock on; may jump. */
  async setTime(us: number): Promise<void> {
    await this.#calls.call((id) => this.#native.setTime(id, us));
  }

  /** Lock-step: so many clocks. */
  async run(clocks: number): Promise<void> {
    await this.#calls.call((id) => this.#native.run(id, clocks));
  }

  /**
   * Lock-step: until nothing waits to go in and nothing is in the card. Resolves with the clocks it
   * took; rejects with code NOT_IDLE after `mostClocks`.
   */
  async runUntilIdle(mostClocks = 1_000_000): Promise<number> {
    const reply = await this.#calls.call((id) => this.#native.runUntilIdle(id, mostClocks));
    return reply.numbers?.clocks ?? 0;
  }

  /** Rising edges since the reset. */
  async clocks(): Promise<number> {
    return (await this.statistics()).clocks;
  }

  async statistics(): Promise<SimulationStatistics> {
    const reply = await this.#calls.call((id) => this.#native.statistics(id));
    const wall = (performance.now() - this.#opened) / 1000;
    return shapeStatistics(reply.numbers ?? {}, this.ports, wall);
  }

  /** Frames for the host that came while nobody listened for `frames`. */
  hostFrames(): SimulatedHostFrame[] {
    return this.#hostFrames.take();
  }

  /** Observations that came while nobody listened for `decisions`. */
  decisions(): Observation[] {
    return this.#decisions.take();
  }

  /** Frames that left by a memory port while nobody listened for `port`. */
  received(port: number): Buffer[] {
    return this.#received.get(port)?.take() ?? [];
  }

  /** Ends the card's thread and rejects what waits. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.close();
    this.#calls.end(new SimulationError('CLOSED', 'the simulated card was closed'));
  }

  /** Frames before replies: who awaits a call finds what the call has brought about. */
  #take(mail: NativeMail): void {
    if (mail.host) {
      const frames = unpackHostFrames(mail.host, this.#decisionWords);
      if (!this.emit('frames', frames)) this.#hostFrames.add(frames);
    }
    if (mail.decisions) {
      const seen = unpackObservations(mail.decisions, this.#decisionWords);
      if (!this.emit('decisions', seen)) this.#decisions.add(seen);
    }
    for (const batch of mail.ports) this.#takePort(batch.port, unpackFrames(batch));
    for (const reply of mail.replies) this.#calls.settle(reply);
    if (mail.failed !== undefined) {
      const error = new SimulationError('FAILED', mail.failed);
      this.#calls.end(error);
      this.emit('failed', error);
    }
  }

  #takePort(port: number, frames: Buffer[]): void {
    const handler = this.#handlers.get(port);
    if (handler) {
      handler(frames);
      return;
    }
    if (this.emit('port', port, frames)) return;
    const kept = this.#received.get(port) ?? new Kept<Buffer>();
    this.#received.set(port, kept);
    kept.add(frames);
  }
}
