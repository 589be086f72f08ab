/**
 * What becomes of a frame behind the look-up: docs/card.md, steps 3.13 to 5, written out once more,
 * for a card of three ports and eight slots.
 */
import type { PortEntry, ReasonName, SlotEntry } from '../../../driver/generated/registers.ts';
import { ORIGIN, REASONS } from '../../../driver/generated/registers.ts';

export const PORTS = 3;
export const HOST = PORTS;
export const SLOTS = 8;
export const PREFIX = 0x0a1b2c3d;
export const MODE = { port: 0, slot: 1, steer: 2 };

export interface Frame {
  meta: Record<string, number>;
  /** Destination and source address, six octets each. */
  macs: Buffer;
}
export interface Tables {
  ports: PortEntry[];
  slots: SlotEntry[];
}
export interface Decided {
  reason: ReasonName;
  egress?: number;
  /** The slot that the record names. */
  slot?: number;
  sender?: number;
}

export const slotMac = (slot: number, epoch: number) => {
  const mac = Buffer.alloc(6);
  mac.writeUInt32BE(PREFIX);
  mac[4] = slot;
  mac[5] = epoch;
  return mac;
};
export const station = Buffer.from('021122334455', 'hex');
export const group = Buffer.from('01005e000001', 'hex');
export const addresses = (destination: Buffer, source: Buffer) =>
  Buffer.concat([destination, source]);

/** Up, and behind a port that there is. */
function isUp({ slots }: Tables, slot: number): boolean {
  const entry = slots[slot];
  return entry !== undefined && entry.up === 1 && entry.port < PORTS;
}

/** docs/card.md, step 3.13 and 3.14. */
function byRow(tables: Tables, meta: Frame['meta']): Decided {
  const { row_valid, row_active = 0, row_backup = 0, row_in_sync } = meta;
  if (!row_valid) return { reason: 'punt_no_row', egress: HOST };
  const to = (reason: ReasonName, slot: number): Decided => {
    const egress = tables.slots[slot]?.port;
    return { reason, slot, ...(egress === undefined ? {} : { egress }) };
  };
  if (isUp(tables, row_active)) return to('steer_active', row_active);
  if (row_in_sync && isUp(tables, row_backup)) return to('steer_backup', row_backup);
  return { reason: 'punt_slots_down', egress: HOST };
}

/** docs/card.md, step 4. */
function fromFabric(tables: Tables, { meta, macs }: Frame): Decided {
  if (meta.bad_ip) return { reason: 'ip_header' };
  const sender = macs[10] ?? 0;
  const entry = tables.slots[sender];
  let fault: ReasonName | undefined;
  if (macs.readUInt32BE(6) !== PREFIX || !entry || entry.port !== meta.ingress) {
    fault = 'source_unknown';
  } else if (entry.epoch !== macs[11]) {
    fault = 'source_epoch';
  } else if (!entry.up) {
    fault = 'source_down';
  }
  const passed = fault === undefined ? { sender, slot: sender } : {};
  if (meta.neighbour) return { reason: 'host_neighbour', egress: HOST, ...passed };
  const ours = macs.readUInt32BE(0) === PREFIX;
  const control = ours && macs[4] === 0xff;
  if (fault) return control ? { reason: 'host_unverified', egress: HOST } : { reason: fault };
  if (control) return { reason: 'host_control', egress: HOST, ...passed };
  if (ours) {
    const slot = macs[4] ?? 0;
    if (!isUp(tables, slot)) return { reason: 'slot_down' };
    return { reason: 'slot_to_slot', slot, sender, egress: tables.slots[slot]?.port ?? 0 };
  }
  if ((macs[0] ?? 0) & 1) return { reason: 'slot_group' };
  const egress = entry?.line_port ?? PORTS;
  if (egress >= PORTS) return { reason: 'inject_target' };
  return { reason: 'line_from_slot', egress, ...passed };
}

/** docs/card.md, step 5. */
function injected(tables: Tables, meta: Frame['meta']): Decided {
  const { inject_mode, inject_target: target = 0 } = meta;
  if (inject_mode === MODE.slot) {
    if (!isUp(tables, target)) return { reason: 'slot_down' };
    return { reason: 'inject_slot', slot: target, egress: tables.slots[target]?.port ?? 0 };
  }
  const port = tables.ports[target];
  if (inject_mode !== MODE.port || !port) return { reason: 'inject_target' };
  return { reason: port.fabric ? 'inject_fabric' : 'inject_line', egress: target };
}

export function reference(tables: Tables, frame: Frame): Decided {
  const { meta } = frame;
  if (meta.by_rules) {
    if (!meta.decided) return byRow(tables, meta);
    const reason = REASONS[meta.reason ?? 0];
    if (!reason) throw new Error(`no reason ${meta.reason}`);
    return { reason: reason.name, ...(reason.end === 'punt' ? { egress: HOST } : {}) };
  }
  return meta.origin === ORIGIN.slot ? fromFabric(tables, frame) : injected(tables, meta);
}
