/** The bridge of the serial line with a host on its pins, a register bus, and the card's two streams. */

import { SERIAL } from '../../../driver/generated/serial.ts';
import { encodeFrame, FrameReader } from '../../../driver/serial/framing.ts';
import { parseReport, type Report } from '../../../driver/serial/messages.ts';
import type { Make } from './build.ts';
import type { Dut } from './dut.ts';
import { beats, keep, keptBytes, Random } from './streams.ts';

/** Clocks a bit; the fastest, since a test counts clocks. */
export const CLOCKS_PER_BIT = 4;
export const UART_STEP = 65536 / CLOCKS_PER_BIT;
const K = 8;

export interface Ways {
  /** Percent of octets that are followed by a pause. */
  readonly gaps?: number;
  /** Percent of clocks in which bus and inject stream are not ready. */
  readonly stalls?: number;
  readonly seed?: number;
}

export class SerialBench {
  readonly dut: Dut;
  readonly random: Random;
  /** What the card said, in order. */
  readonly reports: Report[] = [];
  /** Octets of the card as they came. */
  readonly said: number[] = [];
  readonly reader = new FrameReader();
  /** Words of the register bus; what was never written is the address itself. */
  readonly words = new Map<number, number>();
  /** Bus accesses, in order. */
  readonly accesses: { readonly address: number; readonly write?: number }[] = [];
  readonly injected: { readonly record: number; readonly frame: string }[] = [];
  stalls: number;
  gaps: number;
  /** The bus answers nothing. */
  busStuck = false;
  readonly #out: number[] = []; // levels for the card's rx, one a bit
  #rx = { phase: 0 };
  #tx = { left: 0, clocks: 0, bits: 0 };
  #beats: Buffer[] = [];
  #record = 0;
  readonly #frames: { readonly record: bigint; readonly frame: Buffer }[] = [];
  #beatAt = 0;

  constructor(make: Make, { gaps = 0, stalls = 0, seed = 1 }: Ways = {}) {
    this.random = new Random(seed);
    this.stalls = stalls;
    this.gaps = gaps;
    this.dut = make(seed)
      .set({ uart_rx_i: 1, attention_i: 0, cfg_ready_i: 0, inject_tready_i: 0, host_tvalid_i: 0 })
      .reset();
    this.run(8);
  }

  /** Octets onto the line as they are. */
  octets(octets: Iterable<number>): void {
    for (const octet of octets) {
      this.#out.push(0);
      for (let bit = 0; bit < 8; bit++) this.#out.push((octet >> bit) & 1);
      this.#out.push(1);
      if (this.random.chance(this.gaps)) this.pause(this.random.below(30));
    }
  }

  /** Levels onto the line. */
  pause(bits: number, level = 1): void {
    for (let bit = 0; bit < bits; bit++) this.#out.push(level);
  }

  /** A request under this number, whole and right. */
  send(number: number, content: Buffer): void {
    content[1] = number;
    this.octets(encodeFrame(content));
  }

  /** A frame for the host in the card's queue. */
  punt(record: bigint, frame: Buffer): void {
    this.#frames.push({ record, frame });
  }

  /** Until all is sent and the bridge has nothing left to do. */
  settle(most = 400_000): this {
    for (let clocks = 0; clocks < most; clocks++) {
      this.run(1);
      const quiet = this.#out.length === 0 && this.#frames.length === 0 && this.#tx.left === 0;
      if (quiet && clocks > 20 && this.dut.get('idle_o') === 1) return this;
    }
    throw new Error('the bridge does not become idle');
  }

  /** The bus is asked for something and does not answer. */
  get busWaits(): boolean {
    return this.dut.get('cfg_valid_o') === 1;
  }

  run(clocks: number): void {
    for (let n = 0; n < clocks; n++) this.#clock();
  }

  #clock(): void {
    const { dut } = this;
    if (this.#rx.phase === 0) {
      const level = this.#out.shift();
      dut.set({ uart_rx_i: level ?? 1 });
    }
    this.#rx.phase = (this.#rx.phase + 1) % CLOCKS_PER_BIT;
    this.#offer();
    dut.settle();
    this.#bus();
    this.#inject();
    dut.settle();
    this.#hear();
    const taken = dut.get('host_tready_o') === 1;
    dut.clock();
    if (taken) this.#advance();
  }

  #bus(): void {
    const { dut } = this;
    const ready =
      dut.get('cfg_valid_o') === 1 && !this.busStuck && !this.random.chance(this.stalls);
    const address = dut.get('cfg_addr_o');
    dut.set({ cfg_ready_i: ready, cfg_rdata_i: this.words.get(address) ?? address });
    if (!ready) return;
    if (dut.get('cfg_write_o') === 1) {
      const write = dut.get('cfg_wdata_o');
      this.words.set(address, write);
      this.accesses.push({ address, write });
    } else this.accesses.push({ address });
  }

  #inject(): void {
    const { dut } = this;
    const ready = !this.random.chance(this.stalls);
    dut.set({ inject_tready_i: ready });
    if (!ready || dut.get('inject_tvalid_o') === 0) return;
    if (this.#beats.length === 0) this.#record = dut.get('inject_tuser_o');
    const bytes = keptBytes(dut.big('inject_tkeep_o'));
    this.#beats.push(dut.bytes('inject_tdata_o').subarray(0, bytes));
    if (dut.get('inject_tlast_o') === 0) return;
    const frame = Buffer.concat(this.#beats).toString('hex');
    this.injected.push({ record: this.#record, frame });
    this.#beats = [];
  }

  #hear(): void {
    const level = this.dut.get('uart_tx_o');
    const tx = this.#tx;
    if (tx.left === 0) {
      if (level === 0) Object.assign(tx, { left: 10, clocks: CLOCKS_PER_BIT / 2, bits: 0 });
      return;
    }
    if (--tx.clocks > 0) return;
    tx.clocks = CLOCKS_PER_BIT;
    tx.bits |= level << (10 - tx.left);
    if (--tx.left > 0) return;
    if (tx.bits >> 9 === 0) throw new Error('an octet without its stop bit');
    const octet = (tx.bits >> 1) & 0xff;
    this.said.push(octet);
    for (const content of this.reader.push(Buffer.of(octet))) {
      const report = parseReport(content);
      if (!report || report.version !== SERIAL.version)
        throw new Error(`no report: ${content.toString('hex')}`);
      this.reports.push(report);
    }
  }

  #offer(): void {
    const [first] = this.#frames;
    if (!first) {
      this.dut.set({ host_tvalid_i: 0 });
      return;
    }
    const beat = beats(first.frame, 8 * K)[this.#beatAt];
    if (!beat) throw new Error('a frame without octets');
    this.dut.set({
      host_tvalid_i: 1,
      host_tdata_i: beat.data,
      host_tkeep_i: keep(beat.bytes),
      host_tlast_i: beat.last,
      host_tuser_i: first.record,
    });
  }

  #advance(): void {
    const [first] = this.#frames;
    this.#beatAt += 1;
    if (first && this.#beatAt * K >= first.frame.length) {
      this.#frames.shift();
      this.#beatAt = 0;
    }
  }
}
