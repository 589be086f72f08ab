import { beforeAll, describe, expect, test } from 'vitest';
import type { ReasonName, VidRowEntry } from '../../driver/generated/registers.ts';
import { REASON, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { META, packEntry } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const VIDS = 64;
/** Clocks from the frame to the VID, and to its row. */
const RESOLVED = 2;
const LATENCY = 3;
let makers: Record<'lookup', Make>;
beforeAll(async () => {
  makers = await build('lookup', { lookup: { module: 'lookup', parameters: { VIDS } } });
});

/** What the override and the fragment table say, one clock behind the frame. */
interface Tables {
  override: { hit: number; vid: number; bad: number };
  fragment: { hit: number; vidValid: number; vid: number; index: number };
  learned: number;
}
interface Asked extends Tables {
  meta: Record<string, bigint>;
  vid: bigint;
}
interface Row {
  row: VidRowEntry;
  bad: number;
}

const NOTHING: Tables = {
  override: { hit: 0, vid: 0, bad: 0 },
  fragment: { hit: 0, vidValid: 0, vid: 0, index: 0 },
  learned: 0,
};

type Resolution = { vid: bigint; override?: true; fragment?: true } | { reason: ReasonName };

/** docs/card.md, step 3.12 with "Overrides", and "Later fragments". */
function resolve({ meta, vid, override, fragment }: Asked): Resolution & { hold?: true } {
  if (meta.follows) {
    if (!fragment.hit) {
      if (meta.expired) return { reason: 'fragment_timeout' };
      return { reason: 'fragment_full', hold: true };
    }
    if (!fragment.vidValid) return { reason: 'punt_fragment' };
    return { vid: BigInt(fragment.vid), fragment: true };
  }
  const inRange = (value: bigint): Resolution =>
    value < BigInt(VIDS) ? { vid: value } : { reason: 'punt_vid_range' };
  if (!meta.asks) return inRange(vid);
  if (override.bad) return { reason: 'punt_parity' };
  if (override.hit) return { ...inRange(BigInt(override.vid)), override: true };
  return meta.only ? { reason: 'punt_no_override' } : inRange(vid);
}

/** Metadata with the VID. */
function resolved(asked: Asked): Record<string, bigint> {
  const { meta, fragment } = asked;
  const passing = { fragment_index: BigInt(fragment.index), learned: BigInt(asked.learned) };
  const out: Record<string, bigint> = { ...meta, ...passing };
  if (!meta.by_rules || meta.decided) return out;
  const found = resolve(asked);
  if (meta.follows) out.fragment = BigInt(fragment.hit);
  if (found.hold) out.hold = 1n;
  if ('override' in found) out.override_hit = 1n;
  if ('vid' in found) return { ...out, vid_valid: 1n, vid: found.vid };
  return { ...out, decided: 1n, reason: BigInt(REASON[found.reason]) };
}

/** And with the row that its VID names. */
function withRow(out: Record<string, bigint>, { row, bad }: Row): Record<string, bigint> {
  if (!out.by_rules || out.decided) return out;
  return {
    ...out,
    bad_row: BigInt(bad),
    row_valid: BigInt(row.valid),
    row_in_sync: BigInt(row.backup_in_sync),
    row_backup: BigInt(row.backup),
    row_active: BigInt(row.active),
  };
}
const comparable = (meta: Record<string, bigint>) =>
  meta.by_rules && !meta.decided ? { ...meta, reason: 0n } : meta;

function ask(dut: Dut, { meta, vid }: Pick<Asked, 'meta' | 'vid'>): void {
  dut.set({ meta_i: META.pack(meta), vid_i: vid });
}
function answer(dut: Dut, { override, fragment, learned }: Tables): void {
  dut.set({
    override_hit_i: override.hit,
    override_vid_i: override.vid,
    override_bad_i: override.bad,
    fragment_hit_i: fragment.hit,
    fragment_vid_valid_i: fragment.vidValid,
    fragment_vid_i: fragment.vid,
    fragment_index_i: fragment.index,
    learned_i: learned,
  });
}

const EMPTY = ['hold', 'fragment', 'override_hit', 'vid_valid', 'vid', 'bad_row', 'row_valid'];
const UNSET = [...EMPTY, 'row_in_sync', 'row_active', 'row_backup'];

test('a frame a clock, whatever the tables say, while rows are being written', () => {
  const random = new Random(54);
  const dut = makers.lookup(9);
  const bit = (percent: number) => Number(random.chance(percent));
  const row = (): Row => ({
    row: {
      valid: random.below(2),
      backup_in_sync: random.below(2),
      active: random.below(64),
      backup: random.below(64),
    },
    bad: bit(10),
  });
  const rows = Array.from({ length: VIDS }, row);
  const write = (index: number) => {
    const { row: entry, bad } = rows[index] ?? row();
    const host = { host_write_i: 1, host_address_i: index, host_bad_parity_i: bad };
    return dut.set({ ...host, host_data_i: packEntry('vid_row', entry) });
  };
  for (let i = 0; i < VIDS; i++) write(i).clock();
  const beyond = [64n, 65n, 1n << 16n, 1n << 63n, 2n ** 64n - 1n];
  const someVid = () => BigInt(random.below(VIDS)) | (random.chance(80) ? 0n : random.pick(beyond));
  const inside: { asked: Asked; row?: Row }[] = [];
  const seen = new Map<string, number>();
  for (let i = 0; i < 8000; i++) {
    dut.set({ host_write_i: 0 });
    const changed = random.below(VIDS);
    if (random.chance(50)) {
      rows[changed] = row();
      write(changed);
    }
    const meta = META.random((bits) => random.bits(bits));
    for (const name of UNSET) meta[name] = 0n;
    Object.assign(meta, { by_rules: BigInt(bit(90)), decided: BigInt(bit(10)) });
    Object.assign(meta, { follows: BigInt(bit(25)), asks: BigInt(bit(50)) });
    const asked: Asked = {
      meta,
      vid: someVid(),
      override: { hit: bit(50), vid: Number(someVid() & 0xffffn), bad: bit(10) },
      fragment: {
        hit: bit(50),
        vidValid: bit(80),
        vid: random.below(VIDS),
        index: random.below(1024),
      },
      learned: random.below(256),
    };
    // The rows are asked in the second clock of a frame: it sees what is written until then.
    const second = inside.at(-1);
    answer(dut, second?.asked ?? NOTHING);
    if (second) {
      const found = resolve(second.asked);
      const entry = 'vid' in found ? rows[Number(found.vid)] : undefined;
      if (entry) second.row = { ...entry };
    }
    ask(dut, asked);
    dut.clock();
    inside.push({ asked });
    const two = inside.at(-RESOLVED);
    if (two) {
      const want = resolved(two.asked);
      const got = META.unpack(dut.big('meta_resolved_o'));
      expect(comparable(got)).toEqual(comparable(want));
    }
    if (inside.length < LATENCY) continue;
    const done = inside.shift() as (typeof inside)[number];
    const want = withRow(resolved(done.asked), done.row ?? row());
    expect(comparable(META.unpack(dut.big('meta_o')))).toEqual(comparable(want));
    if (!done.asked.meta.by_rules || done.asked.meta.decided) continue;
    const name = want.decided ? (REASONS[Number(want.reason)]?.name ?? '') : 'row';
    for (const kind of [name, ...['override_hit', 'fragment', 'bad_row'].filter((n) => want[n])]) {
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
  }
  expect(seen.size).toBe(10);
  expect(Math.min(...seen.values())).toBeGreaterThan(50);
});

describe('lookup', () => {
  const one = (asked: Partial<Asked>) => {
    const dut = makers.lookup();
    const whole: Asked = { ...NOTHING, vid: 0n, meta: {}, ...asked };
    ask(dut, { ...whole, meta: { by_rules: 1n, ...whole.meta } });
    dut.set({ host_write_i: 0 }).clock();
    ask(dut, { meta: {}, vid: 0n });
    answer(dut, whole);
    dut.clock();
    answer(dut, NOTHING);
    return META.unpack(dut.big('meta_resolved_o'));
  };
  const reason = (meta: Record<string, bigint>) =>
    meta.decided ? REASONS[Number(meta.reason)]?.name : undefined;

  test.each([
    [BigInt(VIDS - 1), undefined],
    [BigInt(VIDS), 'punt_vid_range'],
  ] as const)('the VID %i', (vid, expected) => {
    expect(reason(one({ vid }))).toBe(expected);
    const override = { hit: 1, vid: Number(vid), bad: 0 };
    const got = one({ override, vid: 5n, meta: { asks: 1n } });
    expect([reason(got), got.override_hit]).toEqual([expected, 1n]);
    if (!expected) expect(got.vid).toBe(vid);
  });

  test('an override that nobody asked for does nothing', () => {
    const got = one({ vid: 5n, override: { hit: 1, vid: 9, bad: 1 } });
    expect([got.vid, got.override_hit, got.decided]).toEqual([5n, 0n, 0n]);
  });

  test('no override, and the rule wants nothing else', () => {
    expect(reason(one({ vid: 5n, meta: { asks: 1n, only: 1n } }))).toBe('punt_no_override');
  });

  test('a later fragment is held, once its time has passed it is not', () => {
    expect(one({ meta: { follows: 1n } })).toMatchObject({ hold: 1n, decided: 1n });
    const late = one({ meta: { follows: 1n, expired: 1n } });
    expect([late.hold, reason(late)]).toEqual([0n, 'fragment_timeout']);
    const fragment = { hit: 1, vidValid: 1, vid: 7, index: 3 };
    const late2 = one({ meta: { follows: 1n, expired: 1n }, fragment });
    expect([late2.vid, late2.fragment, late2.decided]).toEqual([7n, 1n, 0n]);
  });

  test('the host reads back two clocks later, and sees wrong parity', () => {
    const random = new Random(55);
    const dut = makers.lookup();
    const rows = Array.from({ length: VIDS }, () => [random.bits(14), random.below(2)] as const);
    for (const [i, [data, bad]] of rows.entries()) {
      dut.set({ host_write_i: 1, host_address_i: i, host_data_i: data, host_bad_parity_i: bad });
      dut.clock();
    }
    dut.set({ host_write_i: 0 });
    for (let i = 0; i <= VIDS; i++) {
      dut.set({ host_address_i: i % VIDS }).clock();
      if (i === 0) continue;
      expect([dut.big('host_data_o'), dut.get('host_bad_o')]).toEqual([...(rows[i - 1] ?? [])]);
    }
  });
});
