/**
 * What a switch processor must know after a restart so that dialogs go on: who has which slot with
 * which epoch, which slots are out of service, which VIDs, and what set-up handlers keep. It lies in a
 * file that is replaced whole, so that a crash leaves the old one or the new one.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { NewOverride } from '../../driver/index.ts';
import type { SetupHandler } from '../setup/handler.ts';
import type { OverrideManager } from './override-manager.ts';
import type { SlotRegistry } from './slot-registry.ts';
import type { VidManager, VidSnapshot } from './vid-manager.ts';

const stateSchema = z.strictObject({
  schema: z.literal('vidline.switch/1'),
  slots: z.array(
    z.strictObject({
      slot: z.int().min(0).max(254),
      epoch: z.int().min(0).max(255),
      state: z.enum(['free', 'starting', 'up', 'down']),
      locked: z.boolean().optional(),
      draining: z.boolean().optional(),
      replicates: z.boolean().optional(),
      name: z.string().optional(),
      incarnation: z.string().optional(),
      nonce: z.int().min(0).max(0xffffffff).optional(),
      peer: z.strictObject({ mac: z.string(), address: z.string(), udpPort: z.int() }).optional(),
    }),
  ),
  vids: z.array(
    z.strictObject({
      vid: z.int().min(0).max(0xffff),
      owner: z.string(),
      backup: z.string().optional(),
      inSync: z.boolean(),
      /** Left out: written before there were terms. */
      term: z.int().min(0).optional(),
      home: z.string().optional(),
    }),
  ),
  /** What set-up handlers must remember, by service; left out: nothing. */
  handlers: z.record(z.string(), z.record(z.string(), z.int().min(0))).optional(),
  /** Left out: there are none. */
  overrides: z
    .array(
      z.strictObject({
        space: z.int().min(0).max(255),
        /** Hexadecimal. */
        key: z.string().regex(/^0x[0-9a-f]{1,32}$/),
        vid: z.int().min(0).max(0xffff),
        fixed: z.boolean(),
      }),
    )
    .optional(),
});

export type SwitchState = z.infer<typeof stateSchema>;

/** The state of a switch processor that is at work. */
export function stateOf(
  registry: SlotRegistry,
  vids: VidManager,
  overrides: OverrideManager,
  handlers: readonly SetupHandler[],
): SwitchState {
  return {
    schema: 'vidline.switch/1',
    slots: registry.snapshot(),
    vids: vids.snapshot().map(({ vid, owner, backup, inSync, term, home }) => ({
      ...{ vid, owner, inSync, term },
      ...(backup === undefined ? {} : { backup }),
      ...(home === undefined ? {} : { home }),
    })),
    handlers: Object.fromEntries(
      handlers.flatMap((it) => (it.memory === undefined ? [] : [[it.service, it.memory()]])),
    ),
    overrides: overrides.table.list().map(({ space, key, vid, fixed }) => ({
      ...{ space, vid, fixed },
      key: `0x${key.toString(16)}`,
    })),
  };
}

export function vidsOf({ vids }: SwitchState): VidSnapshot {
  return vids.map((row, i) => ({ ...row, backup: row.backup, term: row.term ?? i + 1 }));
}

export function overridesOf(state: SwitchState | undefined): NewOverride[] {
  return (state?.overrides ?? []).map(({ key, ...override }) => ({
    ...override,
    key: BigInt(key),
  }));
}

/** Undefined where there is no such file; throws where it is no state, naming file and field. */
export function loadState(file: string): SwitchState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(
      `${file}: ${(error as Error).message}; remove it to begin without a memory of VIDs`,
    );
  }
  const result = stateSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Error(
    `${file}: ${issue?.path.join('.')}: ${issue?.message}; ` +
      'remove it to begin without a memory of VIDs',
  );
}

/** Replaces the file whole. Throws where the folder cannot be written. */
export function saveState(file: string, state: SwitchState): void {
  const fresh = `${file}.new`;
  writeFileSync(fresh, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  renameSync(fresh, file);
}
