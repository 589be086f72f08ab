/** The tables of a state as register writes: one batch that takes an idle card from one to the next. */
import { setField } from '../../driver/bits.ts';
import {
  type Access,
  type CardSizes,
  encodeEntry,
  FIELDS,
  REGISTERS,
  TABLES,
  type TableEntries,
  type TableName,
} from '../../driver/index.ts';
import { macToBigInt } from '../../host/protocol/address.ts';
import { encodeRules } from '../../host/steering/compile.ts';
import type {
  CardState,
  HealthEntry,
  MirrorState,
  OverrideEntry,
  PolicerEntry,
  SlotState,
  VidRow,
} from '../../host/steering/state.ts';

export const NO_ROW: VidRow = { valid: false, active: 0, backup: 0, backupInSync: false };

export const rowEntry = (row: VidRow): TableEntries['vid_row'] => ({
  active: row.active,
  backup: row.backup,
  backup_in_sync: Number(row.backupInSync),
  valid: Number(row.valid),
});

export const slotEntry = ({ up, port, linePort, epoch }: SlotState): TableEntries['slot'] => ({
  up: Number(up),
  port,
  line_port: linePort,
  epoch,
});

export const overrideEntry = (entry: OverrideEntry | undefined): TableEntries['override'] => ({
  key: entry?.key ?? 0n,
  space: entry?.space ?? 0,
  vid: entry?.vid ?? 0,
  valid: entry === undefined ? 0 : 1,
});

export const policerEntry = (entry: PolicerEntry | undefined): TableEntries['policer'] => ({
  interval: entry?.interval ?? 0,
  share: entry?.share ?? 0,
  burst: entry?.burst ?? 0,
});

const healthEntry = (entry: HealthEntry | undefined): TableEntries['slot_health'] => ({
  nonce: entry?.nonce ?? 0,
  timeout_us: entry?.timeoutUs ?? 0,
  suspect_us: entry?.suspectUs ?? 0,
});

/** The writes of one entry; the last one makes it valid. */
export function writeEntry<T extends TableName>(
  table: T,
  index: number,
  entry: TableEntries[T],
): Access[] {
  const { offset, stride } = TABLES[table];
  return Array.from(encodeEntry(table, entry), (write, word) => ({
    address: offset + 4 * (stride * index + word),
    write,
  }));
}

const NEVER_WRITTEN: Pick<CardState, 'rows' | 'overrides'> = { rows: new Map() };

/** @param cutThrough by port. */
export function loadTables(
  state: CardState,
  sizes: CardSizes,
  cutThrough: readonly boolean[] = [],
  before = NEVER_WRITTEN,
): Access[] {
  const { control } = REGISTERS.control;
  const bad = state.badParity;
  const isBad = bad && bad.rows.size + bad.overrides.size + bad.typeSets.size > 0;
  return [
    { address: control, write: 0 },
    ...portsAndSlots(state, cutThrough),
    ...rules(state, sizes),
    ...whole('policer', sizes.rules + 2, (i) => policerEntry(state.policers?.[i])),
    ...rows(state, [...before.rows.keys(), ...state.rows.keys()]),
    ...overrides(state, [...(before.overrides?.keys() ?? []), ...(state.overrides?.keys() ?? [])]),
    ...(isBad
      ? [
          { address: control, write: 1 << FIELDS.control_control.bad_parity.bit },
          ...rows(state, bad.rows),
          ...overrides(state, bad.overrides),
          ...typeSets(state, sizes, bad.typeSets),
          { address: control, write: 0 },
        ]
      : []),
    ...registers(state),
    { address: control, write: state.enabled ? 1 : 0 },
  ];
}

function whole<T extends TableName>(
  table: T,
  entries: number,
  entry: (index: number) => TableEntries[T],
): Access[] {
  return Array.from({ length: entries }, (_, i) => writeEntry(table, i, entry(i))).flat();
}

function portsAndSlots({ ports, slots, health }: CardState, cutThrough: readonly boolean[]) {
  const entries = slots.map(slotEntry);
  return [
    ...ports.flatMap(({ mac, fabric }, port) =>
      writeEntry('port', port, {
        mac: macToBigInt(mac),
        fabric: Number(fabric),
        cut_through: Number(cutThrough[port] ?? false),
      }),
    ),
    // Down is latched: a slot that should be up must not have been down with that epoch before.
    ...entries.flatMap((entry, slot) =>
      writeEntry('slot', slot, { ...entry, up: 0, epoch: entry.epoch ^ 1 }),
    ),
    ...slots.flatMap((_, slot) => writeEntry('slot_health', slot, healthEntry(health?.[slot]))),
    ...entries.flatMap((entry, slot) => writeEntry('slot', slot, entry)),
  ];
}

function rules(state: CardState, sizes: CardSizes): Access[] {
  const tables = encodeRules(state.rules, sizes);
  return [
    ...tables.prefixes.flatMap((entry, i) => writeEntry('prefix', i, entry)),
    ...tables.rules.flatMap((entry, i) => writeEntry('rule', i, entry)),
    ...tables.typeSets.flat().flatMap((types, i) => writeEntry('type_set', i, { types })),
  ];
}

function typeSets(state: CardState, sizes: CardSizes, words: Iterable<number>): Access[] {
  const all = encodeRules(state.rules, sizes).typeSets.flat();
  return [...words].flatMap((word) => writeEntry('type_set', word, { types: all[word] ?? 0 }));
}

function rows(state: CardState, vids: Iterable<number>): Access[] {
  return [...new Set(vids)].flatMap((vid) =>
    writeEntry('vid_row', vid, rowEntry(state.rows.get(vid) ?? NO_ROW)),
  );
}

function overrides(state: CardState, places: Iterable<number>): Access[] {
  return [...new Set(places)].flatMap((place) =>
    writeEntry('override', place, overrideEntry(state.overrides?.get(place))),
  );
}

function registers({ fabricPrefix, fragmentUs, mirror }: CardState): Access[] {
  const { control, mirror: copies } = REGISTERS;
  const [low, high] = reasonBits(mirror);
  return [
    { address: control.fabric_prefix, write: fabricPrefix },
    { address: control.fragment_us, write: fragmentUs ?? 0 },
    { address: control.stall_us, write: 0 },
    { address: control.suspect_hold_us, write: 0 },
    { address: copies.reasons_low, write: low },
    { address: copies.reasons_high, write: high },
    { address: copies.select, write: select(mirror) },
  ];
}

function reasonBits(mirror: MirrorState | undefined): [number, number] {
  const words: [number, number] = [0, 0];
  for (const code of mirror?.reasons ?? []) {
    words[code < 32 ? 0 : 1] = (words[code < 32 ? 0 : 1] | (1 << (code & 31))) >>> 0;
  }
  return words;
}

function select(mirror: MirrorState | undefined): number {
  const words = new Uint32Array(1);
  if (mirror === undefined) return 0;
  const { enable, by_vid, port, vid } = FIELDS.mirror_select;
  setField(words, enable, 1, 'mirror.enable');
  setField(words, by_vid, mirror.vid === undefined ? 0 : 1, 'mirror.by_vid');
  setField(words, port, mirror.port, 'mirror.port');
  setField(words, vid, mirror.vid ?? 0, 'mirror.vid');
  return words[0] ?? 0;
}
