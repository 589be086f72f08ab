/**
 * The card that frames of a capture are decided on: one line port, all slots up, every VID with an
 * active slot and a backup. So what becomes of a frame says something about the frame and the rules,
 * and nothing about who happens to be up.
 */
import type { Card, CardSizes } from '../../driver/index.ts';
import { macToBigInt } from '../protocol/address.ts';
import { compileServices } from '../steering/compile.ts';
import type { Problem } from '../steering/problem.ts';
import type { Service } from '../steering/rule.ts';
import type { CardState, VidRow } from '../steering/state.ts';
import { DEFAULT_FABRIC_PREFIX, defaultPortMac, FRAGMENT_TIME } from '../switch/switch-options.ts';

/** Where all frames come in. */
export const LINE = 0;
export const LINE_MAC = defaultPortMac(LINE);
const EPOCH = 1;

/** VID n: active is slot n modulo the number of slots, backup the one after it. */
export function rowOf(vid: number, slots: number): VidRow {
  return { valid: true, active: vid % slots, backup: (vid + 1) % slots, backupInSync: true };
}

/**
 * The tables, as the reference decision reads them. Slots are spread over the fabric ports, none has
 * heartbeats to send, and nothing that is punted is policed.
 */
export function layout(services: readonly Service[], sizes: CardSizes): CardState {
  const fabric = sizes.ports - 1;
  return {
    enabled: true,
    sizes,
    fabricPrefix: DEFAULT_FABRIC_PREFIX,
    ports: Array.from({ length: sizes.ports }, (_, port) => ({
      mac: defaultPortMac(port),
      fabric: port !== LINE,
    })),
    slots: Array.from({ length: sizes.slots }, (_, slot) => ({
      up: true,
      port: 1 + (slot % fabric),
      linePort: LINE,
      epoch: EPOCH,
    })),
    rules: services.flatMap((service) => service.rules),
    rows: new Map(Array.from({ length: sizes.vids }, (_, vid) => [vid, rowOf(vid, sizes.slots)])),
    fragmentUs: FRAGMENT_TIME,
  };
}

/**
 * Fills all tables of a card that has just been reset, but for the overrides, and enables it. Gives
 * what the rules may do that is not meant; throws ServiceError where the card cannot hold them.
 */
export async function fillCard(
  card: Card,
  services: readonly Service[],
  state: CardState,
): Promise<readonly Problem[]> {
  const { rules, prefixes, typeSets, warnings } = compileServices(services, card.sizes);
  const indexed = <T>(entries: readonly T[]) => entries.map((entry, index) => ({ index, entry }));
  const nothing = <T>(count: number, entry: T) =>
    indexed(Array.from({ length: count }, () => entry));
  await card.setEnabled(false);
  await card.writeTable(
    'port',
    indexed(
      state.ports.map(({ mac, fabric }) => ({
        mac: macToBigInt(mac),
        fabric: Number(fabric),
        // The simulated wire leaves no gap inside a frame, so none needs to be stored first.
        cut_through: 1,
      })),
    ),
  );
  await card.writeTable('prefix', indexed(prefixes));
  await card.writeTable('type_set', indexed(typeSets.flat().map((types) => ({ types }))));
  const unpoliced = { interval: 0, burst: 0, share: 0 };
  await card.writeTable('policer', nothing(card.entries('policer'), unpoliced));
  const unheard = { nonce: 0, timeout_us: 0, suspect_us: 0 };
  await card.writeTable('slot_health', nothing(card.entries('slot_health'), unheard));
  await card.writeTable(
    'slot',
    indexed(
      state.slots.map(({ up, port, linePort, epoch }) => ({
        up: Number(up),
        port,
        line_port: linePort,
        epoch,
      })),
    ),
  );
  await card.writeTable(
    'vid_row',
    [...state.rows].map(([index, { valid, active, backup, backupInSync }]) => ({
      index,
      entry: { active, backup, backup_in_sync: Number(backupInSync), valid: Number(valid) },
    })),
  );
  await card.writeTable('rule', indexed(rules));
  await card.setFabricPrefix(state.fabricPrefix);
  await card.setTimes({ fragment: state.fragmentUs ?? 0, stall: 0, suspectHold: 0 });
  await card.setEnabled(true);
  return warnings;
}
