import { beforeAll, describe, expect, test } from 'vitest';
import type { Decision, ReasonName } from '../../driver/generated/registers.ts';
import { REASON, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { decision, META } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const PORTS = 3;
const HOST = PORTS;
const MAX_FRAME = 2000;
const VERDICT = { ok: 0, error: 1, oversize: 2, overflow: 3, underrun: 4 };
let makers: Record<'finish', Make>;
beforeAll(async () => {
  makers = await build('finish', { finish: { module: 'finish', parameters: { PORTS } } });
});

interface Ended {
  meta: Record<string, number | bigint>;
  verdict: number;
  length: number;
  enable: boolean;
  /** Room in each queue, bit PORTS for the host's. */
  accept: number;
}

/** Bytes of the frame itself: the beat that marks a gap carries one that is none of it. */
function bytesOf({ verdict, length }: Ended): number {
  return verdict === VERDICT.underrun ? length - 1 : length;
}

/** docs/card.md, step 1: the first that holds. */
function illness(ended: Ended): ReasonName | undefined {
  const { meta, verdict, enable } = ended;
  const length = bytesOf(ended);
  if (verdict === VERDICT.oversize || length > MAX_FRAME) return 'rx_oversize';
  if (verdict === VERDICT.error) return 'rx_error';
  if (verdict === VERDICT.overflow) return 'rx_overflow';
  if (verdict === VERDICT.underrun) return 'rx_underrun';
  if (!enable) return 'disabled';
  if (length < 14) return 'runt';
  if (length < Number(meta.header_min ?? 0)) return 'truncated';
  return length < Number(meta.packet_end ?? 0) ? 'ip_length' : undefined;
}

const COPIED = [
  ...(['rule_hit', 'rule', 'key_valid', 'key', 'vid_valid', 'vid', 'row_active'] as const),
  ...(['row_backup', 'row_in_sync', 'row_valid', 'slot_valid', 'slot', 'epoch'] as const),
];

interface Answer {
  keep: boolean;
  record: Decision;
}

function reference(ended: Ended, time: bigint): Answer {
  const { meta } = ended;
  const ill = illness(ended);
  const egress = Number(meta.egress ?? 0);
  const own = REASONS[Number(meta.reason)];
  const goes = own !== undefined && own.end !== 'drop';
  const full = goes && ((ended.accept >> egress) & 1) === 0;
  const received = bytesOf(ended);
  const empty: Record<string, number | bigint> = { egress: 0 };
  for (const name of COPIED) empty[name] = name === 'key' ? 0n : 0;
  const record: Record<string, number | bigint> = {
    ...empty,
    reason: own?.code ?? 0,
    origin: meta.origin ?? 0,
    ingress: meta.ingress ?? 0,
    length: ill === 'rx_oversize' ? MAX_FRAME + 1 : received,
    time_us: time,
  };
  if (ill) {
    record.reason = REASON[ill];
  } else {
    for (const name of COPIED) record[name] = meta[name] ?? record[name] ?? 0;
    if (full) record.reason = REASON.queue_full;
    else record.egress = egress;
  }
  return { keep: !ill && goes && !full, record: record as unknown as Decision };
}

function apply(dut: Dut, { meta, verdict, length, enable, accept }: Ended, time: bigint): void {
  dut.set({
    meta_i: META.pack(meta),
    valid_i: 1,
    last_i: 1,
    verdict_i: verdict,
    length_i: length,
    enable_i: enable,
    accept_i: accept,
    time_us_i: time,
  });
  dut.settle();
}

const fresh = () => makers.finish().set({ valid_i: 0, last_i: 0 }).reset();
const ALL = 2 ** (PORTS + 1) - 1;
const GOOD: Ended = {
  meta: { reason: REASON.steer_active, egress: 1, header_min: 34, packet_end: 60 },
  verdict: VERDICT.ok,
  length: 60,
  enable: true,
  accept: ALL,
};

describe('finish: health, the stronger fault first', () => {
  const all = { length: 3000, verdict: VERDICT.oversize, enable: false };
  const cases: [string, Partial<Ended>, ReasonName][] = [
    ['a good frame', {}, 'steer_active'],
    ['oversize by the receiver', { ...all, length: 3 }, 'rx_oversize'],
    ['oversize by its length, and bad', { ...all, verdict: VERDICT.error }, 'rx_oversize'],
    ['one byte too long', { length: MAX_FRAME + 1 }, 'rx_oversize'],
    ['as long as may be', { length: MAX_FRAME }, 'steer_active'],
    ['bad, and disabled', { verdict: VERDICT.error, enable: false, length: 3 }, 'rx_error'],
    ['overflow, and disabled', { verdict: VERDICT.overflow, enable: false }, 'rx_overflow'],
    ['underrun, and disabled', { verdict: VERDICT.underrun, enable: false }, 'rx_underrun'],
    ['disabled, and a runt', { enable: false, length: 13 }, 'disabled'],
    ['a runt', { length: 13 }, 'runt'],
    ['not a runt, truncated', { length: 14 }, 'truncated'],
    ['one byte of the header is missing', { length: 33 }, 'truncated'],
    ['the header is there, the packet not', { length: 34 }, 'ip_length'],
    ['one byte of the packet is missing', { length: 59 }, 'ip_length'],
    [
      'a packet end beyond 16 bits',
      { meta: { ...GOOD.meta, packet_end: 65_536 + 57 } },
      'ip_length',
    ],
  ];
  test.each(cases)('%s', (_, change, reason) => {
    const dut = fresh();
    const ended = { ...GOOD, ...change };
    apply(dut, ended, 77n);
    expect(REASONS[decision(dut.big('record_o')).reason]?.name).toBe(reason);
    expect(dut.get('keep_o')).toBe(Number(reason === 'steer_active'));
    expect(decision(dut.big('record_o'))).toEqual(reference(ended, 77n).record);
  });
});

test('finish: a full queue drops the frame, another full queue does not', () => {
  const dut = fresh();
  apply(dut, { ...GOOD, accept: ALL & ~0b10 }, 0n);
  expect(dut.get('keep_o')).toBe(0);
  expect(decision(dut.big('record_o'))).toMatchObject({ reason: REASON.queue_full, egress: 0 });
  apply(dut, { ...GOOD, accept: 0b10 }, 0n);
  expect(dut.get('keep_o')).toBe(1);
});

test('finish: all that is dropped before goes to no queue, all that is not to one', () => {
  const dut = fresh();
  for (const reason of REASONS) {
    if (!reason) continue;
    for (let egress = 0; egress <= HOST; egress++) {
      apply(dut, { ...GOOD, meta: { ...GOOD.meta, reason: reason.code, egress } }, 0n);
      expect(dut.get('select_o')).toBe(reason.end === 'drop' ? 0 : 1 << egress);
    }
  }
});

test('finish: one event for each last beat, a clock later, with the record of that beat', () => {
  const random = new Random(61);
  const dut = fresh();
  const codes = REASONS.flatMap((reason) => (reason ? [reason] : []));
  let before: (Answer & { sender: bigint | undefined }) | undefined;
  const seen = new Set<number>();
  for (let i = 0; i < 8000; i++) {
    const length = random.pick([13, 14, 33, 34, 60, 61, 1500, 2000, 2001]);
    const meta = META.random((bits) => random.bits(bits));
    const reason = random.pick(codes);
    Object.assign(meta, {
      reason: BigInt(reason.code),
      // No egress is chosen for what is dropped.
      egress: reason.end === 'drop' ? 0n : BigInt(random.below(PORTS + 1)),
      header_min: BigInt(random.pick([14, 34, 62])),
      packet_end: BigInt(random.pick([0, 60, 61, 70_000])),
    });
    const ended: Ended = {
      meta: Object.fromEntries(
        Object.entries(meta).map(([name, value]) => [name, name === 'key' ? value : Number(value)]),
      ),
      verdict: random.pick([0, 0, 0, 0, 1, 2, 3, 4]),
      length,
      enable: random.chance(95),
      accept: random.chance(70) ? ALL : random.below(ALL + 1),
    };
    const time = random.bits(48);
    apply(dut, ended, time);
    const answer = reference(ended, time);
    const [valid, last] = [random.chance(80), random.chance(70)];
    dut.set({ valid_i: valid, last_i: last }).settle();
    if (last) {
      expect(dut.get('keep_o')).toBe(Number(answer.keep));
      expect(decision(dut.big('record_o'))).toEqual(answer.record);
    }
    dut.clock();
    expect(dut.get('event_valid_o')).toBe(Number(valid && last));
    if (!(valid && last)) continue;
    const sender = meta.sender_valid && answer.keep ? meta.sender : undefined;
    before = { ...answer, sender };
    expect(decision(dut.big('event_o'))).toEqual(before.record);
    expect(dut.get('event_sender_valid_o')).toBe(Number(sender !== undefined));
    if (sender !== undefined) expect(dut.big('event_sender_o')).toBe(sender);
    seen.add(before.record.reason);
  }
  expect(seen.size).toBe(codes.length);
});
