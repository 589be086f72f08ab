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

/** What would be wrong with a frame that ended here, and its length. */
interface Ended {
  illness: ReasonName | undefined;
  length: number;
}
interface Beheld {
  verdict: number;
  enable: boolean;
  /** Bytes as counted; the beat that marks a gap carries one that is none of the frame. */
  length: number;
  headerMin: number;
  packetEnd: number;
}
const VERDICT = { ok: 0, error: 1, oversize: 2, overflow: 3, underrun: 4 };
const MAX_FRAME = 2000;

/** docs/card.md, step 1: the first that holds. */
function illnessOf({ verdict, enable, length, headerMin, packetEnd }: Beheld) {
  if (verdict === VERDICT.oversize || length > MAX_FRAME) return 'rx_oversize';
  if (verdict === VERDICT.error) return 'rx_error';
  if (verdict === VERDICT.overflow) return 'rx_overflow';
  if (verdict === VERDICT.underrun) return 'rx_underrun';
  if (!enable) return 'disabled';
  if (length < 14) return 'runt';
  if (length < headerMin) return 'truncated';
  return length < packetEnd ? 'ip_length' : undefined;
}
function health(beheld: Beheld): Ended {
  const length = beheld.length - Number(beheld.verdict === VERDICT.underrun);
  const illness = illnessOf({ ...beheld, length });
  return { illness, length: illness === 'rx_oversize' ? MAX_FRAME + 1 : length };
}

class Bench {
  readonly dut: Dut;
  readonly random: Random;
  readonly width: number;
  readonly out: { frame: string; meta: bigint; ends: Ended[] }[] = [];
  #parts: Buffer[] = [];
  #metas: bigint[] = [];
  #ends: Ended[] = [];

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
    const next = this.dut.settle().big('meta_next_o');
    this.dut.clock();
    if (this.dut.get('valid_o') === 0) return;
    expect(next, 'told a clock before').toBe(this.dut.big('meta_o'));
    this.#metas.push(next);
    const ill = this.dut.get('ill_o') === 1;
    const illness = ill ? REASONS[this.dut.get('illness_o')]?.name : undefined;
    this.#ends.push({ illness, length: this.dut.get('length_o') });
    this.#parts.push(this.dut.bytes('data_o').subarray(0, this.dut.get('count_o') + 1));
    if (this.dut.get('last_o') === 0) return;
    expect(new Set(this.#metas).size, 'the same metadata beside every beat').toBe(1);
    this.out.push({
      frame: Buffer.concat(this.#parts).toString('hex'),
      meta: this.#metas[0] ?? 0n,
      ends: this.#ends,
    });
    this.#ends = [];
    this.#parts = [];
    this.#metas = [];
  }

  /** What is to be said of each beat if the frame ends with it. */
  send(frame: Buffer, meta: bigint, gaps = 0): Ended[] {
    const { header_min = 0n, packet_end = 0n } = META.unpack(meta);
    const bounds = { headerMin: Number(header_min), packetEnd: Number(packet_end) };
    const ends: Ended[] = [];
    // Lengths as they come, and such that are anywhere beside a bound.
    const start = this.random.pick([0, 0, 0, 1900, bounds.packetEnd, bounds.headerMin]);
    let length = Math.min(60_000, start);
    for (const beat of beats(frame, this.width, this.random)) {
      for (; this.random.chance(gaps); this.clock()) this.dut.set({ valid_i: 0 });
      length = Math.max(1, length + beat.bytes - (beat.first ? this.random.below(20) : 0));
      const verdict = this.random.pick([0, 0, 0, 0, 0, 1, 2, 3, 4]);
      const enable = this.random.chance(90);
      this.dut.set({
        valid_i: 1,
        first_i: beat.first,
        last_i: beat.last,
        data_i: beat.data,
        count_i: beat.bytes - 1,
        verdict_i: verdict,
        length_i: length,
        enable_i: enable,
        meta_i: beat.first ? meta : this.random.bits(META.bits),
      });
      ends.push(health({ ...bounds, verdict, enable, length }));
      this.clock();
    }
    this.dut.set({ valid_i: 0 });
    return ends;
  }
}

describe.each(WIDTHS)('rewrite at %i bits', (width) => {
  // Nothing can wait here, so back-pressure makes no difference: two of the four ways remain.
  describe.each(FOUR_WAYS.filter(({ stalls }) => stalls === 0))('$way', ({ gaps }) => {
    test('every reason, every length', () => {
      const bench = new Bench(width, 3 + gaps);
      const { random } = bench;
      const expected: Bench['out'] = [];
      const seen = new Set<ReasonName | undefined>();
      for (let i = 0; i < 1500; i++) {
        const reason = REASON_LIST[i % REASON_LIST.length] as Reason;
        const meta = {
          reason: reason.code,
          egress: random.below(PORTS),
          slot: random.below(64),
          epoch: random.below(256),
          header_min: random.pick([14, 34, 62, 126]),
          packet_end: random.pick([0, 46, 60, 61, 200, 1990, 70_000]),
        };
        const packed = META.pack({ ...META.random((bits) => random.bits(bits)), ...meta });
        const frame = random.bytes(
          random.chance(50) ? random.between(1, 30) : frameLength(random, width / 8, 300),
        );
        const ends = bench.send(frame, packed, gaps);
        for (const { illness } of ends) seen.add(illness);
        // What a frame that is dropped looks like is nobody's business.
        const after = reason.end === 'drop' ? frame : rewritten(frame, meta);
        expected.push({ frame: after.toString('hex'), meta: packed, ends });
      }
      bench.dut.set({ valid_i: 0 });
      for (let i = 0; i < 3; i++) bench.clock();
      expect(bench.out).toEqual(expected);
      expect(seen.size).toBe(9);
    });
  });

  const all = { length: 3000, verdict: VERDICT.oversize, enable: false };
  const cases: [string, Partial<Beheld>, ReasonName | undefined][] = [
    ['a good frame', {}, undefined],
    ['oversize by the receiver', { ...all, length: 3 }, 'rx_oversize'],
    ['oversize by its length, and bad', { ...all, verdict: VERDICT.error }, 'rx_oversize'],
    ['one byte too long', { length: MAX_FRAME + 1 }, 'rx_oversize'],
    ['as long as may be', { length: MAX_FRAME }, undefined],
    [
      'as long as may be, and the beat of a gap',
      { length: MAX_FRAME + 1, verdict: VERDICT.underrun },
      'rx_underrun',
    ],
    ['bad, and disabled', { verdict: VERDICT.error, enable: false, length: 3 }, 'rx_error'],
    ['overflow, and disabled', { verdict: VERDICT.overflow, enable: false }, 'rx_overflow'],
    ['underrun, and disabled', { verdict: VERDICT.underrun, enable: false }, 'rx_underrun'],
    ['disabled, and a runt', { enable: false, length: 13 }, 'disabled'],
    ['a runt', { length: 13 }, 'runt'],
    ['not a runt, truncated', { length: 14 }, 'truncated'],
    ['one byte of the header is missing', { length: 33 }, 'truncated'],
    ['the header is there, the packet not', { length: 34 }, 'ip_length'],
    ['one byte of the packet is missing', { length: 59 }, 'ip_length'],
    ['a packet end beyond 16 bits', { packetEnd: 65_536 + 57 }, 'ip_length'],
  ];
  test.each(cases)('health, the stronger fault first: %s', (_, change, expected) => {
    const good = { verdict: VERDICT.ok, enable: true, length: 60, headerMin: 34, packetEnd: 60 };
    const one: Beheld = { ...good, ...change };
    const { dut } = new Bench(width);
    const meta = META.pack({ header_min: one.headerMin, packet_end: one.packetEnd });
    dut.set({ valid_i: 1, first_i: 1, last_i: 1, meta_i: meta, count_i: 0 });
    dut.set({ verdict_i: one.verdict, length_i: one.length, enable_i: one.enable }).clock();
    expect(dut.get('ill_o')).toBe(Number(expected !== undefined));
    if (expected) expect(REASONS[dut.get('illness_o')]?.name).toBe(expected);
    expect({ illness: expected, length: dut.get('length_o') }).toEqual(health(one));
  });

  test('the host as egress has no address; the frame stays as it was', () => {
    const bench = new Bench(width);
    const frame = bench.random.bytes(64);
    const punt = META.pack({ reason: 4, egress: PORTS, slot: 1, epoch: 2 });
    bench.send(frame, punt);
    expect(bench.out.map((one) => one.frame)).toEqual([frame.toString('hex')]);
  });
});
