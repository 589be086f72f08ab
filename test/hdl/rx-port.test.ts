import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { beats, FOUR_WAYS, frameLength, keep, Random } from './harness/streams.ts';

const MAX_FRAME = 2000;
const VERDICT = { ok: 0, error: 1, oversize: 2, overflow: 3, underrun: 4 };
const WIDTHS = [64, 512] as const;
const BYTES = 4096;
/** Clocks from a beat at the MAC to the same at the merge, nothing else being there. */
const LATENCY = 4;

let makers: Record<'rx64' | 'rx512', Make>;
beforeAll(async () => {
  const parameters = { BYTES, USER_BITS: 10 };
  makers = await build('rx-port', {
    rx64: { module: 'rx_port', parameters: { ...parameters, DATA_WIDTH: 64 } },
    rx512: { module: 'rx_port', parameters: { ...parameters, DATA_WIDTH: 512 } },
  });
});

interface Sent {
  readonly frame: Buffer;
  readonly bad?: boolean;
}
interface Received {
  readonly frame: Buffer;
  readonly verdict: number;
  readonly side: number;
}

/** The port between a MAC and a merge: what is sent clock by clock, and what comes out of it. */
class Bench {
  readonly dut: Dut;
  readonly width: number;
  readonly random: Random;
  readonly received: Received[] = [];
  lost = 0;
  /** The merge takes frames; once it has begun one it takes all of it. */
  open = true;
  stalls = 0;
  /** What the port says of when each received frame came, and when each side's frame did come. */
  readonly stamps: number[] = [];
  readonly came = new Map<number, number>();
  #parts: Buffer[] = [];
  #side = 0;
  #clocks = 65_000; // the stamps wrap

  constructor(width: (typeof WIDTHS)[number], cutThrough: boolean, seed = 1) {
    this.dut = makers[`rx${width}`](seed);
    this.width = width;
    this.random = new Random(seed);
    this.dut.set({ cut_through_i: cutThrough, rx_tvalid_i: 0, ready_i: 0 }).reset();
  }

  get k(): number {
    return this.width / 8;
  }

  /** One clock, with what the MAC says set before. */
  #clock(): void {
    const begun = this.#parts.length > 0;
    const ready = begun || (this.open && !this.random.chance(this.stalls));
    this.dut.set({ ready_i: ready, clock_i: this.#clocks & 0xffff }).settle();
    this.lost += this.dut.get('lost_o');
    const valid = this.dut.get('valid_o') === 1;
    if (begun) expect(valid, 'a frame that has begun has no gaps').toBe(true);
    if (valid && ready) {
      const bytes = this.dut.get('count_o') + 1;
      if (!begun) {
        this.#side = this.dut.get('side_o');
        this.stamps.push(this.dut.get('stamp_o'));
      }
      expect(this.dut.get('stamp_o')).toBe(this.stamps.at(-1));
      this.#parts.push(this.dut.bytes('data_o').subarray(0, bytes));
      if (this.dut.get('last_o') === 1) {
        const frame = Buffer.concat(this.#parts);
        this.received.push({ frame, verdict: this.dut.get('verdict_o'), side: this.#side });
        this.#parts = [];
      }
    }
    this.dut.clock();
    this.#clocks++;
  }

  idle(clocks: number): void {
    this.dut.set({ rx_tvalid_i: 0 });
    for (let i = 0; i < clocks; i++) this.#clock();
  }

  room(): boolean {
    return this.dut.settle().get('room_o') === 1;
  }

  /** `gapAt`: clocks without a beat before beat n of the frame. */
  send({ frame, bad = false }: Sent, side: number, gapAt: (beat: number) => number): void {
    for (const [index, beat] of beats(frame, this.width, this.random).entries()) {
      const gap = gapAt(index);
      if (gap > 0) this.idle(gap);
      if (beat.first) this.came.set(side, this.#clocks);
      this.dut.set({
        rx_tvalid_i: 1,
        rx_tdata_i: beat.data,
        rx_tkeep_i: keep(beat.bytes),
        rx_tlast_i: beat.last,
        // No meaning before the last beat, and the side none behind the first.
        rx_tuser_i: beat.last ? bad : this.random.chance(50),
        rx_side_i: beat.first ? side : this.random.below(1024),
      });
      this.#clock();
    }
    this.dut.set({ rx_tvalid_i: 0 });
  }

  /** Until nothing is left inside. */
  drain(): void {
    this.open = true;
    this.stalls = 0;
    for (let i = 0; i < 4 * BYTES; i++) {
      if (this.dut.settle().get('empty_o') === 1) return;
      this.idle(1);
    }
    throw new Error('the port does not run empty');
  }
}

const none = () => 0;
const bytes = (length: number, seed = 1) => new Random(seed).bytes(length);

describe.each(WIDTHS)('rx_port at %i bits', (width) => {
  const k = width / 8;

  describe.each(FOUR_WAYS)('$way', ({ gaps, stalls }) => {
    test.each([false, true])('frames come out as they went in, cut-through %s', (cutThrough) => {
      const bench = new Bench(width, cutThrough, 7 + gaps + stalls);
      bench.stalls = stalls;
      const { random } = bench;
      const sent = Array.from({ length: 150 }, () => ({
        frame: random.bytes(frameLength(random, k, MAX_FRAME)),
        bad: random.chance(10),
      }));
      for (const [index, frame] of sent.entries()) {
        while (!bench.room()) bench.idle(1);
        // Cut-through is for sources without gaps inside a frame.
        bench.send(frame, index, (beat) =>
          (beat === 0 || !cutThrough) && random.chance(gaps) ? random.between(1, 5) : 0,
        );
      }
      bench.drain();
      expect(bench.lost).toBe(0);
      expect(bench.received).toEqual(
        sent.map(({ frame, bad }, side) => ({
          frame,
          verdict: bad ? VERDICT.error : VERDICT.ok,
          side,
        })),
      );
    });
  });

  /** Clocks from a frame's first beat to what its stamp says, modulo 2^16. */
  const late = (bench: Bench) =>
    bench.received.map(({ side }, i) => {
      return ((bench.stamps[i] ?? 0) - (bench.came.get(side) ?? 0)) & 0xffff;
    });

  test.each([false, true])('each frame has its time, cut-through %s', (cutThrough) => {
    const bench = new Bench(width, cutThrough, 31);
    const { random } = bench;
    let waiting = 0;
    for (let i = 0; i < 200; i++) {
      bench.stalls = random.pick([0, 90]);
      // Sixteen at most wait: all have stamps of their own.
      if (i - bench.received.length >= 15) {
        waiting++;
        bench.drain();
      }
      bench.send({ frame: random.bytes(random.between(1, 3 * k)) }, i, none);
    }
    bench.drain();
    expect(waiting).toBeGreaterThan(0);
    expect(late(bench)).toEqual(Array(200).fill(1));
  });

  test('the time of a frame that found sixteen waiting is that of an earlier one', () => {
    const bench = new Bench(width, false, 32);
    bench.open = false;
    for (let i = 0; i < 18; i++) bench.send({ frame: bytes(k) }, i, none);
    bench.drain();
    bench.send({ frame: bytes(k) }, 18, none);
    bench.drain();
    expect(late(bench)).toEqual([...Array(16).fill(1), 0, 0xffff, 1]);
  });

  /** A port whose merge takes nothing. */
  const closed = () => {
    const bench = new Bench(width, false);
    bench.open = false;
    return bench;
  };

  test('store and forward: nothing is offered before the last beat', () => {
    const bench = new Bench(width, false);
    const [one, two, three] = beats(bytes(3 * k), width);
    for (const beat of [one, two]) {
      bench.dut.set({ rx_tvalid_i: 1, rx_tdata_i: beat?.data ?? 0, rx_tlast_i: 0 }).clock();
    }
    bench.dut.set({ rx_tvalid_i: 0 });
    for (let i = 0; i < 10; i++) expect(bench.dut.clock().get('valid_o')).toBe(0);
    bench.dut.set({ rx_tvalid_i: 1, rx_tdata_i: three?.data ?? 0, rx_tlast_i: 1 }).clock();
    bench.dut.set({ rx_tvalid_i: 0 });
    expect(bench.dut.clock(LATENCY - 1).get('valid_o')).toBe(1);
  });

  test(`cut-through: the first beat is offered after ${LATENCY} clocks`, () => {
    const { dut } = new Bench(width, true);
    const data = bytes(k);
    dut.set({ rx_tvalid_i: 1, rx_tdata_i: data, rx_tkeep_i: keep(k), rx_tlast_i: 0 }).clock();
    dut.set({ rx_tvalid_i: 0, rx_tdata_i: bytes(k, 2) });
    const offered = Array.from({ length: LATENCY }, (_, i) => {
      if (i > 0) dut.clock();
      return dut.get('valid_o');
    });
    expect(offered).toEqual([...Array(LATENCY - 1).fill(0), 1]);
    expect(dut.bytes('data_o')).toEqual(data);
  });

  test.each([1, 2, 3, 4])('cut-through: a gap before beat %i ends the frame there', (at) => {
    for (const clocks of [1, 2, 7]) {
      const bench = new Bench(width, true, clocks);
      const broken = bytes(5 * k - 1, 3);
      const whole = bytes(2 * k + 1, 4);
      bench.send({ frame: broken }, 1, (beat) => (beat === at ? clocks : 0));
      bench.send({ frame: whole }, 2, none);
      bench.drain();
      const [stub, next] = bench.received;
      expect(bench.received).toHaveLength(2);
      expect(stub?.verdict).toBe(VERDICT.underrun);
      // The beat that marks the gap counts for one byte, which finish takes off again.
      expect(stub?.frame).toHaveLength(at * k + 1);
      expect(stub?.frame.subarray(0, at * k)).toEqual(broken.subarray(0, at * k));
      expect(next).toEqual({ frame: whole, verdict: VERDICT.ok, side: 2 });
    }
  });

  test('cut-through: a gap that the waiting merge does not see does no harm', () => {
    const bench = new Bench(width, true);
    bench.open = false;
    const frame = bytes(5 * k);
    bench.send({ frame }, 5, (beat) => (beat === 3 ? 2 : 0));
    bench.drain();
    expect(bench.received).toEqual([{ frame, verdict: VERDICT.ok, side: 5 }]);
  });

  test('frames of one beat, one a clock, leave one a clock', () => {
    for (const cutThrough of [false, true]) {
      const bench = new Bench(width, cutThrough, 3);
      const sent = Array.from({ length: 1000 }, (_, i) => bytes(1 + (i % k), i));
      for (const [index, frame] of sent.entries()) bench.send({ frame }, index, none);
      bench.idle(LATENCY + 1);
      expect(bench.lost).toBe(0);
      expect(bench.received.map(({ frame }) => frame)).toEqual(sent);
    }
  });

  test('the longest frame is whole, a longer one ends one beat behind at the latest', () => {
    for (const cutThrough of [false, true]) {
      const bench = new Bench(width, cutThrough);
      const limit = Math.ceil(MAX_FRAME / k) * k; // what a beat holds beyond, finish sees
      for (const [side, length] of [
        MAX_FRAME,
        limit + 1,
        limit + k,
        limit + 3 * k,
        9000,
      ].entries()) {
        bench.send({ frame: bytes(length, side), bad: side === 2 }, side, none);
        bench.drain();
      }
      bench.send({ frame: bytes(k, 9) }, 9, none);
      bench.drain();
      expect(bench.lost).toBe(0);
      expect(bench.received.map(({ verdict }) => verdict)).toEqual([
        VERDICT.ok,
        VERDICT.oversize,
        VERDICT.oversize,
        VERDICT.oversize,
        VERDICT.oversize,
        VERDICT.ok,
      ]);
      expect(bench.received[0]?.frame).toEqual(bytes(MAX_FRAME, 0));
      for (const { frame, verdict } of bench.received) {
        if (verdict !== VERDICT.oversize) continue;
        expect(frame.length).toBeGreaterThan(MAX_FRAME);
        expect(frame.length).toBeLessThanOrEqual(limit + k);
      }
    }
  });

  test('a full buffer ends the frame that fills it and loses whole ones after that', () => {
    for (const cutThrough of [false, true]) {
      const bench = new Bench(width, cutThrough);
      bench.open = false;
      const sent = Array.from({ length: 12 }, (_, i) => bytes(20 * k, i));
      const fill = Math.ceil(BYTES / (20 * k)) + 3;
      for (let i = 0; i < fill; i++) bench.send({ frame: sent[i % 12] ?? bytes(1) }, i, none);
      const pulses = bench.lost;
      expect(pulses).toBeGreaterThan(0);
      bench.drain();
      expect(bench.lost).toBe(pulses);
      expect(bench.received.length + pulses).toBe(fill);
      const stub = bench.received.pop();
      expect(stub?.verdict).toBe(VERDICT.overflow);
      const cut = sent[(stub?.side ?? 0) % 12]?.subarray(0, stub?.frame.length);
      expect(stub?.frame).toEqual(cut);
      for (const { frame, verdict, side } of bench.received) {
        expect(verdict).toBe(VERDICT.ok);
        expect(frame).toEqual(sent[side % 12]);
      }
      bench.send({ frame: bytes(k) }, 99, none);
      bench.drain();
      expect(bench.received.at(-1)).toEqual({ frame: bytes(k), verdict: VERDICT.ok, side: 99 });
    }
  });

  test('a source that looks at nothing: every frame is whole, cut or lost, in order', () => {
    for (const cutThrough of [false, true]) {
      const bench = new Bench(width, cutThrough, 21);
      const { random } = bench;
      const sent: Buffer[] = [];
      for (let i = 0; i < 400; i++) {
        bench.open = random.chance(70) ? bench.open : !bench.open;
        bench.stalls = random.pick([0, 30, 97]);
        const frame = random.bytes(frameLength(random, k, 2200));
        sent.push(frame);
        bench.send({ frame }, i, () => (!cutThrough && random.chance(5) ? 1 : 0));
      }
      bench.drain();
      expect(bench.received.length + bench.lost).toBe(sent.length);
      expect(bench.lost).toBeGreaterThan(0);
      const verdicts = new Set(bench.received.map(({ verdict }) => verdict));
      expect([...verdicts].sort()).toEqual([VERDICT.ok, VERDICT.oversize, VERDICT.overflow]);
      let before = -1;
      for (const { frame, verdict, side } of bench.received) {
        expect(side).toBeGreaterThan(before);
        before = side;
        const original = sent[side] ?? bytes(1);
        if (verdict === VERDICT.ok) expect(frame).toEqual(original);
        else expect(frame).toEqual(original.subarray(0, frame.length));
        if (verdict === VERDICT.overflow) expect(frame.length).toBeLessThan(original.length);
      }
    }
  });

  test('the last frame that may begin fits, though it is the longest and nobody reads', () => {
    let most = 0;
    for (const probe = closed(); probe.room(); most++) probe.send({ frame: bytes(k) }, 0, none);
    const bench = closed();
    for (let i = 1; i < most; i++) bench.send({ frame: bytes(k) }, 0, none);
    expect(bench.room()).toBe(true);
    bench.send({ frame: bytes(MAX_FRAME) }, 1, none);
    bench.drain();
    expect(bench.lost).toBe(0);
    expect(bench.received).toHaveLength(most);
    expect(bench.received.at(-1)?.frame).toEqual(bytes(MAX_FRAME));
  });

  test('room comes back when frames leave', () => {
    const bench = closed();
    let sent = 0;
    for (; bench.room(); sent++) bench.send({ frame: bytes(k, sent) }, 0, none);
    expect(sent).toBeGreaterThan(1);
    expect(bench.room()).toBe(false);
    bench.open = true;
    while (!bench.room()) bench.idle(1);
    bench.open = false;
    const before = bench.received.length;
    bench.send({ frame: bytes(MAX_FRAME) }, 1, none);
    bench.drain();
    expect(bench.lost).toBe(0);
    expect(bench.received).toHaveLength(sent + 1);
    expect(before).toBeLessThan(sent);
    expect(bench.received.at(-1)).toEqual({
      frame: bytes(MAX_FRAME),
      verdict: VERDICT.ok,
      side: 1,
    });
  });
});
