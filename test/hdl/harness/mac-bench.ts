/** A MAC with a PHY on its pins and a card behind it, on three clocks that have nothing to do with each other. */

import type { Make } from './build.ts';
import { Clocks } from './clocks.ts';
import type { Dut } from './dut.ts';
import type { OnLine } from './ethernet.ts';
import { fromLine, onLine } from './ethernet.ts';
import { beats, keep, keptBytes, Random } from './streams.ts';

export type Speed = 10 | 100 | 1000;
/** Picoseconds of a bit. */
export const BIT: Readonly<Record<Speed, number>> = { 10: 100_000, 100: 10_000, 1000: 1000 };
const CODES: Readonly<Record<Speed, number>> = { 10: 0, 100: 1, 1000: 2 };

/** What stands on the line for one unit of it (RGMII: a clock, RMII: a pair of bits). */
export interface Unit {
  readonly low: number;
  readonly high: number;
  readonly valid: number;
  readonly error: number;
  /** RGMII without a carrier: this in place of the status. */
  readonly noise?: number;
}

export interface Options extends OnLine {
  /** Octet within which the PHY reports an error. */
  readonly errorAt?: number;
  /** A nibble of preamble more than whole octets. */
  readonly odd?: boolean;
  /** A nibble more than whole octets. */
  readonly dribble?: boolean;
  /** Octet times without a carrier before it; 12 where not given. */
  readonly gap?: number;
  /** RMII: nibbles at the end whose first pair has CRS_DV low. */
  readonly toggles?: number;
}

export interface Received {
  readonly frame: string;
  readonly bad: boolean;
}

export abstract class MacBench {
  readonly dut: Dut;
  readonly random: Random;
  readonly clocks: Clocks;
  /** At the card. */
  readonly received: Received[] = [];
  /** From the line, checked. */
  readonly sent: Buffer[] = [];
  /** What was wrong with carriers that were no frames. */
  readonly faults: string[] = [];
  /** Octet times between carriers, as they were sent. */
  readonly gaps: number[] = [];
  /** Codes of faults that the MAC told. */
  readonly told: number[] = [];
  unsent = 0;
  /** Percent of core clocks at which counters take nothing. */
  slowCounters = 0;
  /** A microsecond of the MAC's lasts so many core clocks. */
  tick = 62;
  protected readonly units: Unit[] = [];
  protected readonly rx: { port: string; period: number; before: () => void };
  protected readonly tx: { port: string; period: number; before: () => void };
  protected speedNow: Speed;
  #beats: { data: Buffer; keep: bigint; last: boolean }[] = [];
  #parts: Buffer[] = [];
  #clock = 0;
  protected up = false;

  readonly #core: number;

  protected constructor(make: Make, { core = 16_000, seed = 1, speed = 1000 as Speed } = {}) {
    this.random = new Random(seed);
    this.dut = make(seed);
    this.speedNow = speed;
    this.rx = { port: 'rx_clk_i', period: 8000, before: () => this.beforeRx() };
    this.tx = { port: 'tx_clk_i', period: 8000, before: () => this.beforeTx() };
    this.#core = core;
    const coreClock = { port: 'clk_i', period: core, before: () => this.#beforeCore() };
    this.dut.set({ tx_tvalid_i: 0, fault_ready_i: 0, unsent_ready_i: 0, tick_i: 0 });
    this.clocks = new Clocks(this.dut, [coreClock, this.rx, this.tx]);
    // An edge down first, as power-up has it.
    this.dut.set({ rst_ni: 1, line_rst_ni: 1 }).settle();
    this.dut.set({ rst_ni: 0, line_rst_ni: 0 }).settle();
  }

  protected start(): void {
    this.clocks.run(5 * Math.max(this.rx.period, this.#core));
    this.dut.set({ rst_ni: 1, line_rst_ni: 1 });
    this.up = true;
  }

  /** Drives the receive pins for the coming edge. */
  protected abstract beforeRx(): void;
  protected abstract beforeTx(): void;
  protected abstract unitsOf(octet: number, error: number): Unit[];
  protected abstract idle(): Unit;

  /** Octets onto the line as they are. */
  carrier(
    octets: Uint8Array,
    { errorAt = -1, odd = false, dribble = false, gap = 12 }: Options = {},
  ): void {
    const idle = this.unitsOf(0, 0).length * gap;
    for (let n = 0; n < idle; n++) this.units.push(this.idle());
    if (odd) this.units.push(...this.unitsOf(0x55, 0).slice(0, this.unitsOf(0, 0).length / 2));
    for (const [at, octet] of octets.entries())
      this.units.push(...this.unitsOf(octet, at === errorAt ? 1 : 0));
    if (dribble) this.units.push(...this.unitsOf(0x5a, 0).slice(0, this.unitsOf(0, 0).length / 2));
  }

  /** A frame onto the line. */
  arrive(frame: Uint8Array, options: Options = {}): void {
    this.carrier(onLine(frame, options), options);
  }

  /** A frame from the card. */
  send(frame: Uint8Array): void {
    for (const beat of beats(frame, 64, this.random))
      this.#beats.push({ data: beat.data, keep: keep(beat.bytes), last: beat.last });
  }

  get present(): Speed {
    return this.speedNow;
  }

  /** The line has nothing left to give. */
  get quiet(): boolean {
    return this.units.length === 0;
  }

  /** The card has frames that the MAC has not taken. */
  get waiting(): boolean {
    return this.#beats.length > 0;
  }

  /** Until the line has nothing left to give, and that has come through. */
  settle(octets = 4000): void {
    this.clocks.until(() => this.units.length === 0, 2e9);
    this.clocks.run(200 * BIT[this.speedNow] + 400_000);
    if (this.waiting) this.clocks.until(() => !this.waiting, octets * 8 * 1e5);
    this.clocks.run(400_000);
  }

  #beforeCore(): void {
    const { dut } = this;
    const ready = !this.random.chance(this.slowCounters);
    const [first] = this.#beats;
    dut.set({
      tick_i: ++this.#clock % this.tick === 0,
      fault_ready_i: ready,
      unsent_ready_i: ready,
      tx_tvalid_i: first !== undefined,
    });
    if (first) dut.set({ tx_tdata_i: first.data, tx_tkeep_i: first.keep, tx_tlast_i: first.last });
    dut.settle();
    if (!this.up) return;
    if (ready && dut.get('fault_valid_o') === 1) this.told.push(dut.get('fault_o'));
    if (ready && dut.get('unsent_valid_o') === 1) this.unsent++;
    if (first && dut.get('tx_tready_o') === 1) this.#beats.shift();
    if (dut.get('rx_tvalid_o') === 0) return;
    const bytes = keptBytes(dut.big('rx_tkeep_o'));
    const last = dut.get('rx_tlast_o') === 1;
    if (!last && bytes !== 8) throw new Error('a beat in a frame with fewer than 8 octets');
    this.#parts.push(dut.bytes('rx_tdata_o').subarray(0, bytes));
    if (!last) return;
    const frame = Buffer.concat(this.#parts).toString('hex');
    this.received.push({ frame, bad: dut.get('rx_tuser_o') === 1 });
    this.#parts = [];
  }

  // ---- what the MAC sends, an octet time at a time
  #carrier: number[] = [];
  #silence = -1; // octet times; -1: nothing was sent yet
  protected heard(octet: number | undefined): void {
    if (octet !== undefined) {
      if (this.#carrier.length === 0 && this.#silence >= 0) this.gaps.push(this.#silence);
      this.#carrier.push(octet);
      this.#silence = 0;
      return;
    }
    if (this.#silence >= 0) this.#silence++;
    if (this.#carrier.length === 0) return;
    try {
      this.sent.push(fromLine(Uint8Array.from(this.#carrier)));
    } catch (error) {
      this.faults.push((error as Error).message);
    }
    this.#carrier = [];
  }
}

export class RgmiiBench extends MacBench {
  link = 1;
  fullDuplex = 1;
  /** What is sent at 1000 Mb/s comes back, pin by pin. */
  loop = false;
  readonly #looped: { rise: number; fall: number; on: number; off: number }[] = [];
  /** Wrong in the transmit clock or at its edges. */
  readonly badClock: string[] = [];
  #levels = { txc: 0, half: 0, rose: -1, fell: -1 };
  #rise = -1;
  #nibbles: number[] = []; // the first of an octet, where it has come

  constructor(
    make: Make,
    options: { readonly core?: number; readonly seed?: number; readonly speed?: Speed } = {},
  ) {
    super(make, options);
    this.rx.period = this.period(this.speedNow);
    this.start();
  }

  /** 50 ppm off. */
  period(speed: Speed): number {
    return { 10: 400_020, 100: 40_002, 1000: 8000.4 }[speed];
  }

  /** The PHY has another speed, between or within frames; what is on the line stays as it is. */
  set speed(speed: Speed) {
    this.speedNow = speed;
    this.rx.period = this.period(speed);
  }

  /** So many clocks of this in place of the status; `error`: as extension of a carrier (section 3.4). */
  noise(nibble: number, clocks: number, error = 0): void {
    for (let n = 0; n < clocks; n++)
      this.units.push({ low: 0, high: 0, valid: 0, error, noise: nibble });
  }

  stopClock(): void {
    this.rx.period = Number.POSITIVE_INFINITY;
  }

  protected idle(): Unit {
    return { low: 0, high: 0, valid: 0, error: 0 };
  }

  protected unitsOf(octet: number, error: number): Unit[] {
    const low = octet & 15;
    const high = octet >> 4;
    if (this.speedNow === 1000) return [{ low, high, valid: 1, error }];
    return [
      { low, high: low, valid: 1, error },
      { low: high, high, valid: 1, error },
    ];
  }

  protected beforeRx(): void {
    const back = this.loop ? this.#looped.shift() : undefined;
    if (back && (back.on | back.off) === 1) {
      this.dut.set({
        rgmii_rxd_rise_i: back.rise,
        rgmii_rxd_fall_i: back.fall,
        rgmii_rx_ctl_rise_i: back.on,
        rgmii_rx_ctl_fall_i: back.off,
      });
      return;
    }
    const { low, high, valid, error, noise } = this.units.shift() ?? this.idle();
    const status = noise ?? (this.fullDuplex << 3) | (CODES[this.speedNow] << 1) | this.link;
    this.dut.set({
      rgmii_rxd_rise_i: valid ? low : status,
      rgmii_rxd_fall_i: valid ? high : status,
      rgmii_rx_ctl_rise_i: valid,
      rgmii_rx_ctl_fall_i: valid ^ error,
    });
  }

  protected beforeTx(): void {
    const { dut } = this;
    if (!this.up) return;
    if (this.loop)
      this.#looped.push({
        rise: dut.get('rgmii_txd_rise_o'),
        fall: dut.get('rgmii_txd_fall_o'),
        on: dut.get('rgmii_tx_ctl_rise_o'),
        off: dut.get('rgmii_tx_ctl_fall_o'),
      });
    for (const edge of ['rise', 'fall']) {
      const txc = dut.get(`rgmii_txc_${edge}_o`);
      const nibble = dut.get(`rgmii_txd_${edge}_o`);
      const ctl = dut.get(`rgmii_tx_ctl_${edge}_o`);
      this.#half(txc, nibble, ctl);
    }
  }

  /** The PHY's end, half a period of 125 MHz after the other. */
  #half(txc: number, nibble: number, ctl: number): void {
    const levels = this.#levels;
    levels.half++;
    if (txc === levels.txc) return;
    levels.txc = txc;
    if (txc === 1) levels.rose = levels.half;
    else levels.fell = levels.half;
    const now = ctl === 1 ? nibble : -1;
    if (txc === 1) {
      this.#rise = now;
      return;
    }
    if (this.speedNow === 1000) {
      if (this.#rise >= 0 !== now >= 0) this.badClock.push('tx_ctl changes within an octet');
      this.heard(now < 0 ? undefined : this.#rise | (now << 4));
      return;
    }
    if (this.#rise !== now) this.badClock.push('a nibble is another at the falling edge');
    const [before] = this.#nibbles.splice(0);
    if (before === undefined || (before < 0 && now >= 0)) this.#nibbles.push(now);
    else if (before >= 0 && now < 0) this.badClock.push('half an octet');
    else this.heard(now < 0 ? undefined : before | (now << 4));
  }

  /** Halves of 8 ns from one rise of the transmit clock to the next, and of those high. */
  measureClock(): { period: number; high: number } {
    const levels = this.#levels;
    const rise = () => {
      const before = levels.rose;
      this.clocks.until(() => levels.rose !== before, 1e7);
      return levels.rose;
    };
    const first = rise();
    this.clocks.until(() => levels.fell > first, 1e7);
    const high = levels.fell - first;
    return { period: rise() - first, high };
  }
}
