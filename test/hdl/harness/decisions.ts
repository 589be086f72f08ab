/**
 * What becomes of a frame behind the look-up: docs/card.md, steps 3.13 to 5, written out once more,
 * for a card of three ports and eight slots.
 */
import type { PortEntry, ReasonName, SlotEntry } from '../../../driver/generated/registers.ts';
import { ORIGIN, REASONS } from '../../../driver/generated/registers.ts';
import type { Dut } from './dut.ts';
import { META, packTable } from './records.ts';
import { Random } from './streams.ts';

export const PORTS = 3;
export const HOST = PORTS;
/** The buffer for later fragments that came first. */
export const HOLD = PORTS + 1;
export const SLOTS = 8;
export const PREFIX = 0x0a1b2c3d;
export const MODE = { port: 0, slot: 1, steer: 2 };

export interface Frame {
  meta: Record<string, number>;
  /** Destination and source address, six octets each. */
  macs: Buffer;
  /** What a heartbeat says. */
  beat?: { version: number; nonce: number };
}
export interface Tables {
  ports: PortEntry[];
  slots: SlotEntry[];
  /** Of each slot's incarnation. */
  nonces: number[];
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
  if (meta.bad_row) return { reason: 'punt_parity', egress: HOST };
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
function fromFabric(tables: Tables, { meta, macs, beat }: Frame): Decided {
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
  if (meta.heartbeat) {
    const right = beat?.version === 1 && beat.nonce === tables.nonces[sender];
    return right && !fault ? { reason: 'heartbeat', ...passed } : { reason: 'heartbeat_refused' };
  }
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
    if (meta.hold) return { reason: reason.name, egress: HOLD };
    return { reason: reason.name, ...(reason.end === 'punt' ? { egress: HOST } : {}) };
  }
  return meta.origin === ORIGIN.slot ? fromFabric(tables, frame) : injected(tables, meta);
}

const bytesAround = new Random(32);
/** The 30 bytes that the stage looks at: addresses, and a heartbeat behind up to two tags. */
function windowOf({ meta, macs, beat }: Frame): Buffer {
  const window = Buffer.concat([macs, bytesAround.bytes(18)]);
  if (!beat) return window;
  window[meta.l3 ?? 14] = beat.version;
  window.writeUInt32BE(beat.nonce, (meta.l3 ?? 14) + 4);
  return window;
}

export function apply(dut: Dut, { ports, slots, nonces }: Tables, frame: Frame): void {
  dut.set({
    meta_i: META.pack(frame.meta),
    window_i: windowOf(frame),
    nonces_i: nonces.reduce((all, nonce, i) => all | (BigInt(nonce) << BigInt(32 * i)), 0n),
    fabric_prefix_i: PREFIX,
    ports_i: packTable('port', ports),
    slots_i: packTable('slot', slots),
  });
  dut.clock();
}

export function read(dut: Dut): Decided & { epoch?: number } {
  const meta = META.unpack(dut.big('meta_o'));
  const name = REASONS[Number(meta.reason)]?.name;
  if (name === undefined || meta.decided !== 1n) throw new Error('not decided');
  const goesOn = !['drop', 'consume'].includes(REASONS[Number(meta.reason)]?.end ?? 'drop');
  return {
    reason: name,
    ...(goesOn || meta.hold ? { egress: Number(meta.egress) } : {}),
    ...(meta.slot_valid ? { slot: Number(meta.slot), epoch: Number(meta.epoch) } : {}),
    ...(meta.sender_valid ? { sender: Number(meta.sender) } : {}),
  };
}

const UP: SlotEntry = { up: 1, port: 1, line_port: 0, epoch: 9 };
const DOWN: SlotEntry = { ...UP, up: 0 };

/** Ports: 0 line, 1 and 2 fabric. */
export function tables(slots: Record<number, Partial<SlotEntry>> = {}): Tables {
  return {
    ports: [0, 1, 1].map((fabric, i) => ({
      mac: BigInt(0x020000000000 + i),
      fabric,
      cut_through: 0,
    })),
    slots: Array.from({ length: SLOTS }, (_, i) => ({ ...UP, ...(slots[i] ?? DOWN) })),
    nonces: Array.from({ length: SLOTS }, (_, i) => 0xa0b0c0d0 + i),
  };
}
