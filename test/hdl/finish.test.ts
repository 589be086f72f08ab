import { beforeAll, describe, expect, test } from 'vitest';
import type { Decision, Reason, ReasonName } from '../../driver/generated/registers.ts';
import { REASON, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { decision, META } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const PORTS = 3;
const HOST = PORTS;
const HOLD = PORTS + 1;
const QUEUES = PORTS + 2;
let makers: Record<'finish', Make>;
beforeAll(async () => {
  makers = await build('finish', { finish: { module: 'finish', parameters: { PORTS } } });
});

interface Mirror {
  port: number;
  vid?: number;
  reasons: ReadonlySet<number>;
}
interface Ended {
  meta: Record<string, number | bigint>;
  /** What is wrong with the frame, and its bytes. */
  illness?: ReasonName;
  length: number;
  /** Room in each queue: bit PORTS for the host's, the next for the hold buffer. */
  accept: number;
  conform: boolean;
  shareOk: boolean;
  mirror?: Mirror;
}

const COPIED = [
  ...(['rule_hit', 'rule', 'fragment', 'quoted', 'key_valid', 'key', 'override_hit'] as const),
  ...(['vid_valid', 'vid', 'row_active', 'row_backup', 'row_in_sync', 'row_valid'] as const),
  ...(['slot_valid', 'slot', 'epoch'] as const),
];

interface Answer {
  keep: boolean;
  /** It went to the host. */
  commit: boolean;
  held: boolean;
  copy: 'none' | 'made' | 'lost';
  record: Decision;
}

/** docs/card.md, "Punt policing" and step 7: why a frame that is well does not go where it should. */
function refusal({ meta, accept, conform, shareOk }: Ended): ReasonName | undefined {
  const egress = Number(meta.egress ?? 0);
  if (egress === HOST && !conform) return 'policed';
  if (egress === HOST && !shareOk) return 'host_share';
  return ((accept >> egress) & 1) === 0 ? 'queue_full' : undefined;
}

function reference(ended: Ended, time: bigint): Answer {
  const { meta, illness, length, accept, mirror } = ended;
  const egress = Number(meta.egress ?? 0);
  const own = REASONS[Number(meta.reason)] as Reason;
  const goes = !['drop', 'consume'].includes(own.end);
  const refused = goes ? refusal(ended) : undefined;
  const held = !illness && meta.hold === 1 && ((accept >> HOLD) & 1) === 1;
  const leaves = !illness && goes && !refused;
  const record: Record<string, number | bigint> = {
    reason: REASON[illness ?? refused ?? own.name],
    origin: meta.origin ?? 0,
    ingress: meta.ingress ?? 0,
    egress: leaves ? egress : 0,
    length,
    time_us: time,
  };
  for (const name of COPIED) record[name] = illness ? 0 : (meta[name] ?? 0);
  record.key = BigInt(record.key ?? 0);
  let copy: Answer['copy'] = 'none';
  if (mirror && mirror.port < PORTS && !held && !(leaves && egress === mirror.port)) {
    const byVid = record.vid_valid === 1 && record.vid === mirror.vid;
    const wanted = byVid || mirror.reasons.has(Number(record.reason));
    if (wanted) copy = (accept >> mirror.port) & 1 ? 'made' : 'lost';
  }
  const keep = leaves || held;
  const commit = leaves && egress === HOST;
  return { keep, commit, held, copy, record: record as unknown as Decision };
}

function apply(dut: Dut, ended: Ended, time: bigint): void {
  const { meta, illness, length, accept, conform, shareOk, mirror } = ended;
  const reasons = [...(mirror?.reasons ?? [])].reduce(
    (all, code) => all | (1n << BigInt(code)),
    0n,
  );
  const mirroring = {
    mirror_i: mirror !== undefined,
    mirror_port_i: mirror?.port ?? 0,
    mirror_by_vid_i: mirror?.vid !== undefined,
    mirror_vid_i: mirror?.vid ?? 0,
    mirror_reasons_i: reasons,
  };
  // The decision is known one clock ahead.
  dut.set({ meta_next_i: META.pack(meta), valid_i: 0, ...mirroring }).clock();
  dut.set({
    meta_i: META.pack(meta),
    valid_i: 1,
    last_i: 1,
    ill_i: illness !== undefined,
    illness_i: REASON[illness ?? 'steer_active'],
    length_i: length,
    accept_i: accept,
    conform_i: conform,
    share_ok_i: shareOk,
    time_us_i: time,
  });
  dut.settle();
}

/** What the module says of the present beat, as if it were a frame's last, and a clock later. */
function read(dut: Dut, { mirror, accept }: Ended): Answer {
  const keep = dut.get('stay_o') === 1 && (dut.get('select_o') & accept) !== 0;
  const commit = dut.get('commit_o') === 1;
  const beside = decision(dut.big('record_o'));
  const select = dut.get('copy_select_o');
  if (mirror && mirror.port < PORTS) expect(select).toBe(1 << mirror.port);
  else expect(select).toBe(0);
  const copyKept = dut.get('copy_keep_o') === 1;
  dut.clock();
  const [made, lost] = [dut.get('copied_o') === 1, dut.get('copy_lost_o') === 1];
  expect(made && lost).toBe(false);
  if (select !== 0) expect(copyKept).toBe(made || lost);
  const held = dut.get('held_o') === 1;
  expect(dut.get('event_valid_o')).toBe(Number(!held));
  const record = decision(dut.big('event_o'));
  if (keep && !held) expect(beside, 'what the queue keeps').toEqual(record);
  return { keep, commit, held, copy: made ? 'made' : lost ? 'lost' : 'none', record };
}

const fresh = () => makers.finish().set({ valid_i: 0, last_i: 0 }).reset();
const ALL = 2 ** QUEUES - 1;
const GOOD: Ended = {
  meta: { reason: REASON.steer_active, egress: 1, vid_valid: 1, vid: 77 },
  length: 60,
  accept: ALL,
  conform: true,
  shareOk: true,
};
const PUNT = {
  reason: REASON.punt_setup,
  egress: HOST,
  rule_hit: 1,
  rule: 3,
  key_valid: 1,
  key: 5n,
};
const WAITS = { reason: REASON.fragment_full, egress: HOLD, hold: 1 };

describe('finish', () => {
  const cases: [string, Partial<Ended>, ReasonName | 'held'][] = [
    ['a good frame', {}, 'steer_active'],
    ['an ill one', { illness: 'truncated' }, 'truncated'],
    ['its queue is full', { accept: ALL & ~0b10 }, 'queue_full'],
    ['another queue is full', { accept: 0b10 }, 'steer_active'],
    ['a punt', { meta: PUNT }, 'punt_setup'],
    ['over its rate', { meta: PUNT, conform: false }, 'policed'],
    ['over its rate, and its share', { meta: PUNT, conform: false, shareOk: false }, 'policed'],
    ['over its share', { meta: PUNT, shareOk: false }, 'host_share'],
    ['over its share, and the queue full', { meta: PUNT, shareOk: false, accept: 0 }, 'host_share'],
    ['over its rate, and ill', { meta: PUNT, conform: false, illness: 'rx_error' }, 'rx_error'],
    ['the host’s queue is full', { meta: PUNT, accept: ALL & ~(1 << HOST) }, 'queue_full'],
    ['limits of the host are not for others', { conform: false, shareOk: false }, 'steer_active'],
    [
      'what a slot says to the host is limited too',
      { meta: { reason: REASON.host_control, egress: HOST }, conform: false },
      'policed',
    ],
    [
      'a drop is a drop, over the rate or not',
      { meta: { reason: REASON.no_service, egress: 0 }, conform: false, accept: 0 },
      'no_service',
    ],
    ['a heartbeat goes nowhere', { meta: { reason: REASON.heartbeat }, accept: 0 }, 'heartbeat'],
    ['held', { meta: WAITS, conform: false, shareOk: false }, 'held'],
    ['no room to be held', { meta: WAITS, accept: ALL & ~(1 << HOLD) }, 'fragment_full'],
    ['an ill frame is not held', { meta: WAITS, illness: 'ip_length' }, 'ip_length'],
  ];
  test.each(cases)('%s', (_, change, outcome) => {
    const dut = fresh();
    const ended = { ...GOOD, ...change };
    apply(dut, ended, 77n);
    const expected = reference(ended, 77n);
    expect(read(dut, ended)).toEqual(expected);
    expect(expected.held ? 'held' : REASONS[expected.record.reason]?.name).toBe(outcome);
  });

  test('what is refused keeps rule, key, VID, row and slot in its record, what is ill nothing', () => {
    const dut = fresh();
    const rest = { vid_valid: 1, vid: 9, row_valid: 1, row_active: 2, slot: 2, slot_valid: 1 };
    const known = { ...PUNT, ...rest, epoch: 7, quoted: 1, override_hit: 1 };
    for (const change of [{ conform: false }, { shareOk: false }, { accept: 0 }]) {
      apply(dut, { ...GOOD, meta: known, ...change }, 0n);
      const { reason: _, ...expected } = { ...known, egress: 0 };
      expect(decision(dut.clock().big('event_o'))).toMatchObject(expected);
    }
    apply(dut, { ...GOOD, meta: known, illness: 'runt' }, 0n);
    const ended = decision(dut.clock().big('event_o'));
    for (const name of COPIED) expect(Number(ended[name])).toBe(0);
  });

  test('all that is dropped or consumed goes to no queue, all that is not to one', () => {
    const dut = fresh();
    for (const reason of REASONS) {
      if (!reason) continue;
      for (let egress = 0; egress <= HOST; egress++) {
        apply(dut, { ...GOOD, meta: { reason: reason.code, egress } }, 0n);
        const nowhere = reason.end === 'drop' || reason.end === 'consume';
        expect(dut.get('select_o')).toBe(nowhere ? 0 : 1 << egress);
      }
    }
    apply(dut, { ...GOOD, meta: WAITS }, 0n);
    expect(dut.get('select_o')).toBe(1 << HOLD);
  });
});

describe('finish: copies', () => {
  const reasons = (...names: ReasonName[]) => new Set(names.map((name) => REASON[name]));
  const all = new Set(REASONS.flatMap((reason) => (reason ? [reason.code] : [])));
  const cases: [string, Partial<Ended>, Answer['copy']][] = [
    ['of its VID', { mirror: { port: 0, vid: 77, reasons: reasons() } }, 'made'],
    ['of another VID', { mirror: { port: 0, vid: 78, reasons: reasons() } }, 'none'],
    [
      'of VID 0, where there is none',
      { meta: PUNT, mirror: { port: 0, vid: 0, reasons: reasons() } },
      'none',
    ],
    ['of its reason', { mirror: { port: 0, reasons: reasons('steer_active') } }, 'made'],
    ['of other reasons', { mirror: { port: 0, reasons: reasons('steer_backup', 'runt') } }, 'none'],
    [
      'the reason that the frame has in the end',
      { accept: ALL & ~0b10, mirror: { port: 0, reasons: reasons('queue_full') } },
      'made',
    ],
    [
      'not the one that it had before',
      { accept: ALL & ~0b10, mirror: { port: 0, reasons: reasons('steer_active') } },
      'none',
    ],
    ['of an ill frame', { illness: 'rx_error', mirror: { port: 0, reasons: all } }, 'made'],
    [
      'of an ill frame, by the VID that it would have had',
      { illness: 'rx_error', mirror: { port: 0, vid: 77, reasons: reasons() } },
      'none',
    ],
    ['no room', { accept: ALL & ~1, mirror: { port: 0, reasons: all } }, 'lost'],
    ['it leaves there', { mirror: { port: 1, vid: 77, reasons: all } }, 'none'],
    [
      'it would have left there, but is ill',
      { illness: 'ip_length', mirror: { port: 1, reasons: all } },
      'made',
    ],
    ['it finds no room there', { accept: 0b1101, mirror: { port: 1, reasons: all } }, 'lost'],
    ['a port that there is not', { mirror: { port: PORTS, reasons: all } }, 'none'],
    ['of a frame that is held', { meta: WAITS, mirror: { port: 1, reasons: all } }, 'none'],
    [
      'of one that finds no room to be held',
      { meta: WAITS, accept: 1, mirror: { port: 0, reasons: reasons('fragment_full') } },
      'made',
    ],
    [
      'of what is policed',
      { meta: PUNT, conform: false, mirror: { port: 2, reasons: all } },
      'made',
    ],
    ['of a heartbeat', { meta: { reason: 19 }, mirror: { port: 2, reasons: all } }, 'made'],
  ];
  test.each(cases)('%s', (_, change, copy) => {
    const dut = fresh();
    const ended = { ...GOOD, ...change };
    apply(dut, ended, 1n);
    const answer = read(dut, ended);
    expect(answer).toEqual(reference(ended, 1n));
    expect(answer.copy).toBe(copy);
  });
});

test('finish: one event for each end, a clock later, with the record of that beat', () => {
  const random = new Random(61);
  const dut = fresh();
  const codes = REASONS.flatMap((reason) => (reason ? [reason] : []));
  const ill = ['rx_error', 'rx_oversize', 'runt', 'truncated', 'ip_length', 'disabled'] as const;
  const seen = new Map<string, number>();
  const note = (name: string) => seen.set(name, (seen.get(name) ?? 0) + 1);
  for (let i = 0; i < 10_000; i++) {
    const reason = random.pick(codes);
    const waits = reason.name === 'fragment_full' && random.chance(60);
    const nowhere = reason.end === 'drop' || reason.end === 'consume';
    const meta = Object.fromEntries(
      Object.entries(META.random((bits) => random.bits(bits))).map(([name, value]) => [
        name,
        name === 'key' ? value : Number(value),
      ]),
    );
    // No egress is chosen for what is dropped; only what comes by rules waits for a first fragment.
    const egress = waits ? HOLD : nowhere ? 0 : random.pick([0, 1, 2, HOST, HOST]);
    Object.assign(meta, { reason: reason.code, egress, hold: Number(waits), vid: random.below(4) });
    const some = codes.filter(() => random.chance(40)).map(({ code }) => code);
    const vid = random.chance(50) ? { vid: random.below(4) } : {};
    const mirror = { port: random.below(PORTS + 1), reasons: new Set(some), ...vid };
    const ended: Ended = {
      meta,
      ...(random.chance(20) ? { illness: random.pick(ill) } : {}),
      length: random.pick([13, 14, 60, 1500, 2000, 2001]),
      accept: random.chance(70) ? ALL : random.below(ALL + 1),
      conform: random.chance(80),
      shareOk: random.chance(80),
      ...(random.chance(70) ? { mirror } : {}),
    };
    const time = random.bits(48);
    apply(dut, ended, time);
    const expected = reference(ended, time);
    if (random.chance(25)) {
      // Only a last beat ends a frame.
      const [valid, last] = random.pick([
        [0, 0],
        [0, 1],
        [1, 0],
      ]);
      dut.set({ valid_i: valid ?? 0, last_i: last ?? 0 }).settle();
      expect(dut.get('commit_o')).toBe(0);
      dut.clock();
      expect([dut.get('event_valid_o'), dut.get('held_o')]).toEqual([0, 0]);
      continue;
    }
    expect(read(dut, ended)).toEqual(expected);
    const { copy, held, record } = expected;
    const there = !ended.illness && (expected.keep || reason.end === 'consume' || nowhere);
    const sender = meta.sender_valid === 1 && there;
    expect(dut.get('event_sender_valid_o')).toBe(Number(sender));
    if (sender) expect(dut.get('event_sender_o')).toBe(meta.sender);
    note(`copy ${copy}`);
    note(held ? 'held' : (REASONS[record.reason]?.name ?? ''));
  }
  expect([...seen].filter(([, times]) => times < 10)).toEqual([]);
  for (const name of ['held', 'policed', 'host_share', 'queue_full', 'copy made', 'copy lost']) {
    expect(seen.get(name) ?? 0, name).toBeGreaterThan(50);
  }
});
