import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import type { Width } from './harness/line.ts';
import { WIDTHS } from './harness/line.ts';
import { packTable, Struct } from './harness/records.ts';
import type { Beat } from './harness/streams.ts';
import { beats, frameLength, keep, Random } from './harness/streams.ts';

const PORTS = 2;
const HOST = PORTS;
const HOLD = PORTS + 1;
const SIDE = new Struct('side_t');
let makers: Record<'ingress64' | 'ingress512', Make>;
beforeAll(async () => {
  const model = (DATA_WIDTH: Width) => ({
    module: 'ingress',
    parameters: { DATA_WIDTH, PORTS, RX_BYTES: 4096 },
  });
  makers = await build('ingress', { ingress64: model(64), ingress512: model(512) });
});

/** Short enough to be read where two differ. */
const digest = (frame: Buffer) =>
  `${frame.length} ${createHash('sha1').update(frame).digest('hex').slice(0, 12)}`;

interface Sent {
  /** Its digest. */
  frame: string;
  verdict: number;
  /** Of the host's and of held frames. */
  inject?: bigint;
  ingress?: bigint;
  expired?: bigint;
}

/** A source of frames: what it sends next, beat by beat. */
class Source {
  readonly sent: Sent[] = [];
  readonly waiting: { beat: Beat; side: bigint; bad: boolean }[] = [];
  begun = false;
}

class Bench {
  readonly dut: Dut;
  readonly random: Random;
  readonly width: Width;
  readonly sources = Array.from({ length: PORTS + 2 }, () => new Source());
  readonly out: Sent[][] = Array.from({ length: PORTS + 2 }, () => []);
  /** Percent of the clocks in which each source has nothing to say, and in which no frame may begin. */
  gaps = [0, 0, 0, 0];
  hold = 0;
  lost = 0;
  heldBack = 0;
  #parts: Buffer[] = [];
  /** What stands beside a frame's first beat. */
  #note: Record<string, bigint> = {};
  #inside = false;

  constructor(width: Width, seed: number, cutThrough: boolean) {
    this.dut = makers[`ingress${width}`](seed);
    this.random = new Random(seed);
    this.width = width;
    const port = { mac: 0n, fabric: 0, cut_through: Number(cutThrough) };
    const quiet = { rx_tvalid_i: 0, inject_tvalid_i: 0, held_valid_i: 0, hold_i: 0, clock_i: 0 };
    this.dut.set({ ...quiet, ports_i: packTable('port', [port, port]) }).reset();
  }

  send(source: number, frame: Buffer): void {
    const { random } = this;
    const bad = source < PORTS && random.chance(20);
    const side = source === HOLD ? random.bits(SIDE.bits) : random.bits(10);
    const note = SIDE.unpack(side);
    const { ingress = 0n, expired = 0n } = note;
    const inject = source === HOST ? side : (note.inject ?? 0n);
    const notes = source === HOLD ? { inject, ingress, expired } : { inject };
    this.sources[source]?.sent.push({
      frame: digest(frame),
      verdict: Number(bad),
      ...(source < PORTS ? {} : notes),
    });
    for (const beat of beats(frame, this.width, random)) {
      this.sources[source]?.waiting.push({ beat, side, bad });
    }
  }

  clock(): void {
    const { dut, random, sources, width } = this;
    const k = BigInt(width / 8);
    let [valid, data, keeps, last, user] = [0, 0n, 0n, 0, 0];
    const room = dut.settle().get('rx_room_o');
    const taken: number[] = [];
    for (let p = 0; p < PORTS; p++) {
      const source = sources[p] as Source;
      const next = source.waiting[0];
      // A MAC cannot wait inside a frame; before one it looks whether there is room.
      const pauses = random.chance(this.gaps[p] ?? 0) || ((room >> p) & 1) === 0;
      if (!next || (!source.begun && pauses)) continue;
      valid |= 1 << p;
      data |=
        BigInt(`0x${Buffer.from(next.beat.data).reverse().toString('hex')}`) <<
        (BigInt(p) * k * 8n);
      keeps |= keep(next.beat.bytes) << (BigInt(p) * k);
      last |= Number(next.beat.last) << p;
      user |= Number(next.beat.last && next.bad) << p;
      taken.push(p);
    }
    dut.set({ rx_tvalid_i: valid, rx_tdata_i: data, rx_tkeep_i: keeps, rx_tlast_i: last });
    dut.set({ rx_tuser_i: user, hold_i: random.chance(this.hold) });
    const inject = sources[HOST]?.waiting[0];
    const offered = inject !== undefined && !random.chance(this.gaps[HOST] ?? 0);
    dut.set({ inject_tvalid_i: offered });
    if (inject) {
      const { beat, side } = inject;
      // What stands beside any beat but the first says nothing.
      const user_i = beat.first ? side : random.bits(10);
      dut.set({ inject_tdata_i: beat.data, inject_tkeep_i: keep(beat.bytes) });
      dut.set({ inject_tlast_i: beat.last, inject_tuser_i: user_i });
    }
    const source = sources[HOLD] as Source;
    const held = source.waiting[0];
    const holds = held !== undefined && (source.begun || !random.chance(this.gaps[HOLD] ?? 0));
    dut.set({ held_valid_i: holds });
    if (held) {
      dut.set({ held_data_i: held.beat.data, held_count_i: held.beat.bytes - 1 });
      dut.set({ held_last_i: held.beat.last, held_side_i: held.side });
    }
    dut.settle();
    if (offered && dut.get('inject_tready_o') === 1) taken.push(HOST);
    if (offered && dut.get('inject_tready_o') === 0) this.heldBack++;
    if (holds && dut.get('held_ready_o') === 1) taken.push(HOLD);
    this.lost += dut.get('lost_o') === 0 ? 0 : 1;
    for (const index of taken) {
      const one = sources[index] as Source;
      one.begun = !one.waiting.shift()?.beat.last;
    }
    const stopped = dut.get('hold_i') === 1;
    dut.clock();
    this.#look(stopped);
  }

  /** What has come out of the merge. */
  #look(stopped: boolean): void {
    const { dut } = this;
    const valid = dut.get('valid_o') === 1;
    if (this.#inside) expect(valid, 'no gap inside a frame').toBe(true);
    if (!valid) return;
    expect(dut.get('first_o')).toBe(Number(!this.#inside));
    if (!this.#inside) {
      expect(stopped, 'no frame begins while it may not').toBe(false);
      this.#note = SIDE.unpack(dut.big('side_o'));
    }
    this.#parts.push(dut.bytes('data_o').subarray(0, dut.get('count_o') + 1));
    this.#inside = dut.get('last_o') === 0;
    if (this.#inside) return;
    const source = dut.get('source_o');
    const { inject = 0n, ingress = 0n, expired = 0n } = this.#note;
    this.out[source]?.push({
      frame: digest(Buffer.concat(this.#parts)),
      verdict: dut.get('verdict_o'),
      ...(source < PORTS ? {} : source === HOST ? { inject } : { inject, ingress, expired }),
    });
    this.#parts = [];
  }

  drain(): void {
    this.gaps = [0, 0, 0, 0];
    this.hold = 0;
    for (let i = 0; i < 30_000; i++) {
      if (this.sources.every(({ waiting }) => waiting.length === 0)) {
        if (this.dut.settle().get('empty_o') === 1) {
          for (let n = 0; n < 5; n++) this.clock();
          return;
        }
      }
      this.clock();
    }
    throw new Error('the receive side does not run empty');
  }

  get expected(): Sent[][] {
    return this.sources.map(({ sent }) => sent);
  }
}

describe.each(WIDTHS)('ingress at %i bits', (width) => {
  const ways = [
    ['everybody at once', [0, 0, 0, 0], 0],
    ['with gaps', [60, 80, 40, 90], 0],
    ['while new frames may not always begin', [30, 30, 30, 30], 60],
  ] as const;
  describe.each([false, true])('cut-through %s', (cutThrough) => {
    test.each(ways)('every source in its order, whole, %s', (_, gaps, hold) => {
      const bench = new Bench(width, 141, cutThrough);
      bench.gaps = [...gaps];
      bench.hold = hold;
      const { random } = bench;
      for (let i = 0; i < 250; i++) {
        const source = random.below(PORTS + 2);
        // What reached the hold buffer was a frame that was well.
        const length = frameLength(random, width / 8, 400);
        bench.send(source, random.bytes(source === HOLD ? Math.max(length, 60) : length));
        if (random.chance(30)) for (let n = random.below(100); n > 0; n--) bench.clock();
      }
      bench.drain();
      expect(bench.out).toEqual(bench.expected);
      expect(bench.lost).toBe(0);
    });
  });

  test.each([
    ['for lack of room', 6, 1900],
    ['when sixteen of its frames wait', 40, 20],
  ])('the host is made to wait %s, and no frame of its is lost', (_, frames, length) => {
    const bench = new Bench(width, 142, false);
    bench.hold = 100;
    for (let i = 0; i < frames; i++) bench.send(HOST, bench.random.bytes(length));
    for (let i = 0; i < 2000; i++) bench.clock();
    expect(bench.heldBack).toBeGreaterThan(500);
    bench.drain();
    expect(bench.out[HOST]).toEqual(bench.expected[HOST]);
    expect(bench.lost).toBe(0);
  });

  test('held frames bring all that was noted of them', () => {
    const bench = new Bench(width, 143, false);
    for (let i = 0; i < 50; i++) bench.send(HOLD, bench.random.bytes(64));
    bench.drain();
    expect(bench.out[HOLD]).toEqual(bench.expected[HOLD]);
    expect(new Set(bench.out[HOLD]?.map(({ ingress }) => ingress)).size).toBeGreaterThan(8);
  });
});
