/**
 * What can be asked of a running switch processor over its control socket.
 *
 * | verb | arguments | result |
 * |---|---|---|
 * | `status` | – | `SwitchStatus` |
 * | `vid.list` | – | `VidAssignment[]` |
 * | `vid.lookup` | `vid` | `VidAssignment`, or null |
 * | `vid.assign` | `owner`, `count` or `vids` | the VIDs |
 * | `vid.release` | `vid` | what it was |
 * | `vid.move` | `vid`, `to` | what it is |
 * | `vid.backup` | `vid`, `backup` (null: none), `inSync` | what it is |
 * | `slot.drain` | `slot` | `MoveReport`: its VIDs are elsewhere, with their state; nothing new comes until `slot.up` |
 * | `rebalance` | `dryRun` | `MoveReport`: VIDs that were moved, or would be |
 * | `slot.list` | – | `ProcessorStatus[]` |
 * | `slot.down` | `slot` | `ProcessorStatus`; nobody gets in until `slot.up` |
 * | `slot.up` | `slot` | `ProcessorStatus`; its processor comes by itself |
 * | `events` | – | `SlotLogEntry[]`: what happened to slots, newest last |
 * | `override.list` | – | `OverrideList` |
 * | `override.add` | `rule`, `source`, `identifier` (what the rule looks at), `vid`, `ages` | `OverrideList` |
 * | `override.remove` | `rule`, `source`, `identifier` | `OverrideList` |
 * | `reg.read` | `name` | `RegisterValue` |
 * | `reg.write` | `name`, `value` (number, text, or fields) | `RegisterValue` |
 * | `verify` | – | `{ mismatches: MismatchReport[] }` |
 */
import { z } from 'zod';
import type { OverrideStatistics } from '../../driver/index.ts';
import type { OverrideStatus } from './override-manager.ts';
import { type RegisterValue, readRegister, writeRegister } from './register-access.ts';
import type { SlotLogEntry } from './slot-log.ts';
import type { SwitchProcessor } from './switch-processor.ts';
import type { ProcessorStatus, SwitchStatus } from './switch-status.ts';
import type { VidAssignment } from './vid-manager.ts';
import type { MoveReport } from './vid-steward.ts';

const vid = z.int().min(0).max(0xffff);
const slot = z.int().min(0).max(254);
const name = z.string().min(1).max(32);
/** 64-bit values come as text: JSON has no large integers. */
const word = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^(0x[0-9a-fA-F]+|\d+)$/, 'a number such as 17 or 0x11')
    .transform((text) => BigInt(text)),
]);

const match = { rule: z.string(), source: z.string().optional(), identifier: word.optional() };

const VERBS = {
  status: z.strictObject({}),
  'vid.list': z.strictObject({}),
  'vid.lookup': z.strictObject({ vid }),
  'vid.assign': z
    .strictObject({
      owner: name,
      count: z.int().min(1).max(0x10000).optional(),
      vids: z.array(vid).min(1).max(0x10000).optional(),
    })
    .refine(({ count, vids }) => (count === undefined) !== (vids === undefined), {
      message: 'give count or vids, one of them',
    }),
  'vid.release': z.strictObject({ vid }),
  'vid.move': z.strictObject({ vid, to: name }),
  'vid.backup': z.strictObject({ vid, backup: name.nullable(), inSync: z.boolean() }),
  'slot.list': z.strictObject({}),
  'slot.down': z.strictObject({ slot }),
  'slot.up': z.strictObject({ slot }),
  'slot.drain': z.strictObject({ slot }),
  rebalance: z.strictObject({ dryRun: z.boolean().optional() }),
  events: z.strictObject({}),
  'override.list': z.strictObject({}),
  'override.add': z.strictObject({ ...match, vid, ages: z.boolean().optional() }),
  'override.remove': z.strictObject(match),
  'reg.read': z.strictObject({ name: z.string() }),
  'reg.write': z.strictObject({
    name: z.string(),
    value: z.union([word, z.record(z.string(), word)]),
  }),
  verify: z.strictObject({}),
} as const;

export type Verb = keyof typeof VERBS;
export type VerbArguments<V extends Verb> = z.input<(typeof VERBS)[V]>;

/** A row that is not what it should be, as JSON holds it: wide fields as hexadecimal text. */
export interface MismatchReport {
  readonly table: string;
  readonly index: number;
  /** Names of the fields that differ. */
  readonly fields: readonly string[];
  readonly expected: Readonly<Record<string, number | string>>;
  readonly found: Readonly<Record<string, number | string>>;
}

export interface OverrideList extends OverrideStatistics {
  readonly overrides: readonly OverrideStatus[];
}

export interface VerbResults {
  status: SwitchStatus;
  'vid.list': readonly VidAssignment[];
  'vid.lookup': VidAssignment | null;
  'vid.assign': readonly number[];
  'vid.release': VidAssignment;
  'vid.move': VidAssignment;
  'vid.backup': VidAssignment;
  'slot.list': readonly ProcessorStatus[];
  'slot.down': ProcessorStatus;
  'slot.up': ProcessorStatus;
  'slot.drain': MoveReport;
  rebalance: MoveReport;
  events: readonly SlotLogEntry[];
  'override.list': OverrideList;
  'override.add': OverrideList;
  'override.remove': OverrideList;
  'reg.read': RegisterValue;
  'reg.write': RegisterValue;
  verify: { readonly mismatches: readonly MismatchReport[] };
}

/** The request is not one of the verbs above, or its arguments are wrong. */
export class VerbError extends Error {
  override readonly name = 'VerbError';
}

/** Does what `verb` asks. Throws VerbError, or what the operation throws. */
export async function perform(sp: SwitchProcessor, verb: string, args: unknown): Promise<unknown> {
  if (!Object.hasOwn(VERBS, verb)) {
    throw new VerbError(`no verb "${verb}"; there are ${Object.keys(VERBS).join(', ')}`);
  }
  const parse = <V extends Verb>(of: V): z.output<(typeof VERBS)[V]> => {
    const result = VERBS[of].safeParse(args);
    if (result.success) return result.data as z.output<(typeof VERBS)[V]>;
    const issue = result.error.issues[0];
    const place = [of, ...(issue?.path ?? [])].join('.');
    throw new VerbError(`${place}: ${issue?.message}`);
  };
  const run = sp.access.bind(sp);
  const { sizes } = sp.card;
  switch (verb as Verb) {
    case 'status':
      return sp.status();
    case 'vid.list':
      return sp.vids.list();
    case 'vid.lookup':
      return sp.vids.lookup(parse('vid.lookup').vid) ?? null;
    case 'vid.assign': {
      const { owner, count, vids } = parse('vid.assign');
      return sp.assignVids(owner, vids ?? count ?? 0);
    }
    case 'vid.release':
      return sp.releaseVid(parse('vid.release').vid);
    case 'vid.move': {
      const move = parse('vid.move');
      return sp.moveVid(move.vid, move.to);
    }
    case 'vid.backup': {
      const backup = parse('vid.backup');
      await sp.setBackup(backup.vid, backup.backup ?? undefined, backup.inSync);
      return sp.vids.lookup(backup.vid);
    }
    case 'slot.list':
      return sp.status().processors;
    case 'slot.down':
      return slotOf(sp, (await sp.lowerSlot(parse('slot.down').slot)).slot);
    case 'slot.up':
      return slotOf(sp, (await sp.raiseSlot(parse('slot.up').slot)).slot);
    case 'slot.drain':
      return sp.drainSlot(parse('slot.drain').slot);
    case 'rebalance':
      return sp.rebalance(parse('rebalance').dryRun ?? false);
    case 'events':
      return sp.events();
    case 'override.list':
      return overrides(sp);
    case 'override.add': {
      const { vid: number, ages = false, ...of } = parse('override.add');
      await sp.addOverride(matchOf(of), number, !ages);
      return overrides(sp);
    }
    case 'override.remove':
      await sp.removeOverride(matchOf(parse('override.remove')));
      return overrides(sp);
    case 'reg.read':
      return readRegister(parse('reg.read').name, sizes, run);
    case 'reg.write': {
      const write = parse('reg.write');
      return writeRegister(write.name, write.value, sizes, run);
    }
    case 'verify': {
      const mismatches = await sp.verify();
      return {
        mismatches: mismatches.map(({ table, index, fields, wanted, found }) => ({
          table,
          index,
          fields,
          expected: asText(wanted),
          found: asText(found),
        })),
      };
    }
  }
}

function slotOf(sp: SwitchProcessor, slot: number): ProcessorStatus | undefined {
  return sp.status().processors.find((processor) => processor.slot === slot);
}

function overrides(sp: SwitchProcessor): OverrideList {
  return { ...sp.overrides.statistics(), overrides: sp.overrides.list() };
}

function matchOf({ identifier, ...match }: z.output<(typeof VERBS)['override.remove']>) {
  return { ...match, identifier: identifier === undefined ? undefined : BigInt(identifier) };
}

function asText(entry: object): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(entry).map(([field, value]) => [
      field,
      typeof value === 'bigint' ? `0x${value.toString(16)}` : (value as number),
    ]),
  );
}
