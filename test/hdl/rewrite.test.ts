import { beforeAll, describe, expect, test } from 'vitest';
import type { Reason, ReasonName } from '../../driver/generated/registers.ts';
import { REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { META, packTable } from './harness/records.ts';
import { beats, FOUR_WAYS, frameLength, Random } from './harness/streams.ts';

const PORTS = 3;
const FABRIC = 0x0a1b2c3d;
const MACS = [0x020000000001n, 0x02aabbccddeen, 0xfe8877665544n];
const WIDTHS = [64, 512] as const;

let makers: Record<'rewrite64' | 'rewrite512', Make>;
beforeAll(async () => {
  makers = await build('rewrite', {
    rewrite64: { module: 'rewrite', parameters: { PORTS, DATA_WIDTH: 64 } },
    rewrite512: { module: 'rewrite', parameters: { PORTS, DATA_WIDTH: 512 } },
  });
});

/** docs/card.md, step 6: what becomes of each address. */
const TO_SLOT: readonly ReasonName[] = [
  'steer_active',
  'steer_backup',
  'inject_slot',
  'slot_to_slot',
];
const FROM_PORT: readonly ReasonName[] = [
  'steer_active',
  'steer_backup',
  'inject_slot',
  'line_from_slot',
];
const REASON_LIST = REASONS.filter((reason): reason is Reason => reason !== undefined);

interface Meta {
  reason: number;
  egress: number;
  slot: number;
  epoch: number;
}

function rewritten(frame: Buffer, { reason, egress, slot, epoch }: Meta): Buffer {
  const name = REASONS[reason]?.name ?? 'disabled';
  const head = Buffer.alloc(12);
  frame.copy(head);
  if (TO_SLOT.includes(name)) {
    head.writeUInt32BE(FABRIC, 0);
    head[4] = slot;
    head[5] = epoch;
  }
  if (FROM_PORT.includes(name)) head.writeUIntBE(Number(MACS[egress] ?? 0n), 6, 6);
  return Buffer.concat([head.subarray(0, frame.length), frame.subarray(12)]);
}

class Bench {
  readonly dut: Dut;
  readonly random: Random;
  readonly width: number;
  readonly out: { frame: string; meta: bigint; verdict: number; length: number }[] = [];
  #parts: Buffer[] = [];
  #metas: bigint[] = [];

  constructor(width: (typeof WIDTHS)[number], seed = 1) {
    this.dut = makers[`rewrite${width}`](seed);
    this.width = width;
    this.random = new Random(seed);
    const ports = MACS.map((mac) => ({ mac, fabric: 1, cut_through: 1 }));
    this.dut
      .set({ fabric_prefix_i: FABRIC, ports_i: packTable('port', ports), valid_i: 0 })
      .reset();
  }

  clock(): void {
    this.dut.clock();
    if (this.dut.get('valid_o') === 0) return;
    this.#metas.push(this.dut.big('meta_o'));
    this.#parts.push(this.dut.bytes('data_o').subarray(0, this.dut.get('count_o') + 1));
    if (this.dut.get('last_o') === 0) return;
    expect(new Set(this.#metas).size, 'the same metadata beside every beat').toBe(1);
    this.out.push({
      frame: Buffer.concat(this.#parts).toString('hex'),
      meta: this.#metas[0] ?? 0n,
      verdict: this.dut.get('verdict_o'),
      length: this.dut.get('length_o'),
    });
    this.#parts = [];
    this.#metas = [];
  }

  send(frame: Buffer, meta: bigint, gaps = 0): { verdict: number; length: number } {
    const verdict = this.random.below(5);
    const length = this.random.below(65_536);
    for (const beat of beats(frame, this.width, this.random)) {
      for (; this.random.chance(gaps); this.clock()) this.dut.set({ valid_i: 0 });
      this.dut.set({
        valid_i: 1,
        first_i: beat.first,
        last_i: beat.last,
        data_i: beat.data,
        count_i: beat.bytes - 1,
        verdict_i: beat.last ? verdict : this.random.below(5),
        length_i: beat.last ? length : this.random.below(65_536),
        meta_i: beat.first ? meta : this.random.bits(META.bits),
      });
      this.clock();
    }
    this.dut.set({ valid_i: 0 });
    return { verdict, length };
  }
}

describe.each(WIDTHS)('rewrite at %i bits', (width) => {
  // Nothing can wait here, so back-pressure makes no difference: two of the four ways remain.
  describe.each(FOUR_WAYS.filter(({ stalls }) => stalls === 0))('$way', ({ gaps }) => {
    test('every reason, every length', () => {
      const bench = new Bench(width, 3 + gaps);
      const { random } = bench;
      const expected: Bench['out'] = [];
      for (let i = 0; i < 1500; i++) {
        const reason = REASON_LIST[i % REASON_LIST.length] as Reason;
        const meta = {
          reason: reason.code,
          egress: random.below(PORTS),
          slot: random.below(64),
          epoch: random.below(256),
        };
        const packed = META.pack({ ...META.random((bits) => random.bits(bits)), ...meta });
        const frame = random.bytes(
          random.chance(50) ? random.between(1, 30) : frameLength(random, width / 8, 300),
        );
        const told = bench.send(frame, packed, gaps);
        // What a frame that is dropped looks like is nobody's business.
        const after = reason.end === 'drop' ? frame : rewritten(frame, meta);
        expected.push({ frame: after.toString('hex'), meta: packed, ...told });
      }
      bench.dut.set({ valid_i: 0 });
      for (let i = 0; i < 3; i++) bench.clock();
      expect(bench.out).toEqual(expected);
    });
  });

  test('the host as egress has no address; the frame stays as it was', () => {
    const bench = new Bench(width);
    const frame = bench.random.bytes(64);
    const punt = META.pack({ reason: 4, egress: PORTS, slot: 1, epoch: 2 });
    bench.send(frame, punt);
    expect(bench.out.map((one) => one.frame)).toEqual([frame.toString('hex')]);
  });
});
