import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import type { Width } from './harness/line.ts';
import { WIDTHS } from './harness/line.ts';
import { beats, frameLength, keptBytes, Random } from './harness/streams.ts';

const PORTS = 2;
const HOST = PORTS;
const QUEUE_BYTES = 1024;
let makers: Record<'egress64' | 'egress512', Make>;
beforeAll(async () => {
  const model = (DATA_WIDTH: Width) => ({
    module: 'egress',
    parameters: { DATA_WIDTH, PORTS, QUEUE_BYTES },
  });
  makers = await build('egress', { egress64: model(64), egress512: model(512) });
});

interface Sent {
  /** Its queue, if any, and whether it is to stay. */
  to?: number;
  keep?: boolean;
  /** The port that gets a copy, if any, and whether that is wanted. */
  copyTo?: number;
  copy?: boolean;
  record?: bigint;
}
interface Out {
  frame: string;
  record?: bigint;
}

/** Percent of the clocks. */
interface Habits {
  stalls: number[];
  pauses: number[];
}

class Bench {
  readonly dut: Dut;
  readonly width: Width;
  readonly random: Random;
  readonly out: Out[][] = Array.from({ length: PORTS + 1 }, () => []);
  readonly expected: Out[][] = Array.from({ length: PORTS + 1 }, () => []);
  habits: Habits = { stalls: [0, 0, 0], pauses: [0, 0] };
  refused = 0;
  /** Clocks in which a port waited between two frames because it had to. */
  held = 0;
  #parts: Buffer[][] = Array.from({ length: PORTS + 1 }, () => []);
  #offered: (string | undefined)[] = [];

  constructor(width: Width, seed = 1) {
    this.dut = makers[`egress${width}`](seed);
    this.width = width;
    this.random = new Random(seed);
    const quiet = { valid_i: 0, select_i: 0, copy_select_i: 0, keep_i: 0, copy_keep_i: 0 };
    this.dut.set({ ...quiet, pause_i: 0, tx_tready_i: 0, host_tready_i: 0, record_i: 0 }).reset();
  }

  /** A port's beat, `queue` PORTS the host's. */
  #beat(queue: number): { valid: boolean; data: Buffer; keep: bigint; last: boolean } {
    const { dut } = this;
    const k = this.width / 8;
    if (queue === HOST) {
      const [data, keep] = [dut.bytes('host_tdata_o'), dut.big('host_tkeep_o')];
      const valid = dut.get('host_tvalid_o') === 1;
      return { valid, data, keep, last: dut.get('host_tlast_o') === 1 };
    }
    const bit = (name: string) => ((dut.get(name) >> queue) & 1) === 1;
    const data = dut.bytes('tx_tdata_o').subarray(queue * k, queue * k + k);
    const keep = BigInt.asUintN(k, dut.big('tx_tkeep_o') >> BigInt(queue * k));
    return { valid: bit('tx_tvalid_o'), data, keep, last: bit('tx_tlast_o') };
  }

  /** One clock, with all that AXI4-Stream and the pause want of it. Which queues accept. */
  clock(): number {
    const { dut, random, habits } = this;
    const ready = habits.stalls.map((percent) => !random.chance(percent));
    const paused = habits.pauses.map((percent) => random.chance(percent));
    const bits = (list: boolean[]) => list.reduce((sum, on, i) => sum | (Number(on) << i), 0);
    dut.set({ tx_tready_i: bits(ready.slice(0, PORTS)), host_tready_i: ready[HOST] ?? false });
    dut.set({ pause_i: bits(paused) }).settle();
    const accept = dut.get('accept_o');
    for (let queue = 0; queue <= PORTS; queue++) {
      const { valid, data, keep, last } = this.#beat(queue);
      const parts = this.#parts[queue] as Buffer[];
      const beat = [data.toString('hex'), keep, last].join();
      const before = this.#offered[queue];
      if (before !== undefined) {
        expect(valid, 'tvalid stays until the beat is taken').toBe(true);
        expect(beat, 'the offered beat stays as it is').toBe(before);
      } else if (parts.length > 0) {
        expect(valid, 'a frame that has begun goes on').toBe(true);
      } else if (paused[queue]) {
        expect(valid, 'no frame begins in a pause').toBe(false);
        this.held++;
      }
      const taken = valid && (ready[queue] ?? false);
      this.#offered[queue] = valid && !taken ? beat : undefined;
      if (queue < PORTS) {
        expect((dut.get('stalled_o') >> queue) & 1).toBe(Number(valid && !taken));
      }
      if (!taken) continue;
      parts.push(data.subarray(0, keptBytes(keep)));
      if (!last) continue;
      const record = queue === HOST ? { record: dut.big('host_tuser_o') } : {};
      this.out[queue]?.push({ frame: Buffer.concat(parts).toString('hex'), ...record });
      this.#parts[queue] = [];
    }
    dut.clock();
    return accept;
  }

  send(frame: Buffer, sent: Sent, gaps = 0): void {
    const { to, keep = true, copyTo, copy = true, record = 0n } = sent;
    let accept = 0;
    for (const beat of beats(frame, this.width, this.random)) {
      for (; this.random.chance(gaps); this.clock()) this.dut.set({ valid_i: 0 });
      this.dut.set({
        valid_i: 1,
        data_i: beat.data,
        count_i: beat.bytes - 1,
        last_i: beat.last,
        select_i: to === undefined ? 0 : 1 << to,
        copy_select_i: copyTo === undefined ? 0 : 1 << copyTo,
        keep_i: beat.last ? keep : this.random.chance(50),
        copy_keep_i: beat.last ? copy : this.random.chance(50),
        record_i: beat.last ? record : 0n,
      });
      accept = this.clock();
    }
    this.dut.set({ valid_i: 0 });
    const hex = frame.toString('hex');
    const wanted = [...(keep ? [to] : []), ...(copy ? [copyTo] : [])];
    for (const queue of wanted) {
      if (queue === undefined) continue;
      if ((accept >> queue) & 1) {
        this.expected[queue]?.push({ frame: hex, ...(queue === HOST ? { record } : {}) });
      } else {
        this.refused++;
      }
    }
  }

  drain(): void {
    this.habits = { stalls: [0, 0, 0], pauses: [0, 0] };
    for (let i = 0; i < 4 * QUEUE_BYTES; i++) {
      if (this.dut.settle().get('empty_o') === 1) return;
      this.clock();
    }
    throw new Error('the queues do not run empty');
  }
}

describe.each(WIDTHS)('egress at %i bits', (width) => {
  const ways: [string, Habits][] = [
    ['nobody waits', { stalls: [0, 0, 0], pauses: [0, 0] }],
    ['sinks wait', { stalls: [40, 20, 60], pauses: [0, 0] }],
    ['ports are paused', { stalls: [0, 0, 0], pauses: [70, 30] }],
    ['both, and queues run full', { stalls: [85, 60, 90], pauses: [60, 80] }],
  ];
  test.each(ways)('what is kept comes out once, in its queue and in its order: %s', (_, habits) => {
    const bench = new Bench(width, 7);
    bench.habits = habits;
    const { random } = bench;
    for (let i = 0; i < 500; i++) {
      const to = random.pick([0, 1, HOST, undefined]);
      const copyTo = random.pick([0, 1, undefined]);
      const keep = random.chance(80);
      // One of the two is kept where both are for the same queue.
      const copy = random.chance(60) && !(keep && copyTo === to);
      bench.send(
        random.bytes(frameLength(random, width / 8, 300)),
        {
          ...(to === undefined ? {} : { to }),
          ...(copyTo === undefined ? {} : { copyTo }),
          keep,
          copy,
          record: random.bits(200),
        },
        random.pick([0, 40]),
      );
      if (random.chance(20)) for (let n = random.below(30); n > 0; n--) bench.clock();
    }
    bench.drain();
    expect(bench.out).toEqual(bench.expected);
    for (const queue of bench.expected) expect(queue.length).toBeGreaterThan(20);
    if (habits.pauses[0]) expect(bench.held).toBeGreaterThan(50);
  });

  test('a copy that finds no room leaves nothing behind, and the frame itself goes its way', () => {
    const bench = new Bench(width, 8);
    bench.habits = { stalls: [100, 0, 0], pauses: [0, 0] };
    for (let i = 0; i < 40; i++) {
      bench.send(bench.random.bytes(100 + i), { to: 1, copyTo: 0 });
    }
    expect(bench.refused).toBeGreaterThan(20);
    bench.drain();
    expect(bench.out).toEqual(bench.expected);
    expect(bench.out[1]?.length).toBe(40);
  });

  test('a pause lets what has been offered go, and holds what comes behind it; others go on', () => {
    const bench = new Bench(width, 9);
    const frames = Array.from({ length: 3 }, () => bench.random.bytes(3 * (width / 8)));
    bench.habits = { stalls: [100, 0, 0], pauses: [0, 0] };
    for (const frame of frames) bench.send(frame, { to: 0 });
    bench.habits = { stalls: [0, 0, 0], pauses: [100, 0] };
    bench.send(frames[0] as Buffer, { to: 1 });
    for (let i = 0; i < 50; i++) bench.clock();
    expect([bench.out[0]?.length, bench.out[1]?.length]).toEqual([1, 1]);
    expect(bench.dut.get('stalled_o')).toBe(0);
    bench.habits = { stalls: [0, 0, 0], pauses: [0, 0] };
    for (let i = 0; i < 50; i++) bench.clock();
    expect(bench.out[0]?.length).toBe(3);
  });
});
