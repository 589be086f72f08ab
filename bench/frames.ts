/** Frames and tables that all benchmarks share. */
import { fileURLToPath } from 'node:url';
import {
  type CardSizes,
  type CardTables,
  type OverrideTable,
  TABLES,
  VALUES,
} from '../driver/index.ts';
import { macToBigInt } from '../host/protocol/address.ts';
import { buildUdpFrame } from '../host/protocol/udp.ts';
import { compileServices } from '../host/steering/compile.ts';
import { loadServices } from '../host/steering/service-file.ts';
import { slotMac } from '../host/steering/slot-mac.ts';

/** Bytes of Ethernet's shortest frame without its FCS (IEEE 802.3 §3.2.8): 64 on the wire. */
export const SHORTEST = 60;
/** A full Ethernet payload of 1500 bytes, without FCS. */
export const FULL = 1514;

export const PREFIX = 0x02564c00;
const VIRTUAL_ADDRESS = '192.0.2.1';
const CLIENT = { mac: '02:00:00:00:ee:01', address: '192.0.2.100', port: 5060 };
const SERVICE = fileURLToPath(new URL('../host/services/sip.yaml', import.meta.url));
/** The service's ports for VIDs, from VID 0 on. */
const FIRST_PORT = 20_000;
/** The same service once more, at ports that only the override table makes anything of. */
const OVERRIDDEN = { low: 50_000, high: 59_999, space: 7 };
const OVERRIDES_USED = 1000;
/** VIDs that the benchmarks use: all that the service has ports for. */
export const VIDS_USED = 4000;
/** Every so many VIDs the active slot is down and the backup is in sync. */
const BACKUP_EVERY = 8;

/** Ports 0 and 2 are the line, 1 and 3 the fabric; slot n is behind them in turn. Slot 7 is down. */
export const PORTS = [
  { port: 0, fabric: false },
  { port: 1, fabric: true },
  { port: 2, fabric: false },
  { port: 3, fabric: true },
] as const;
const SLOTS = 8;
const DOWN_SLOT = 7;
const EPOCH = 1;

const portMac = (port: number) => `02:00:00:00:00:${(port + 1).toString(16).padStart(2, '0')}`;
const fabricPort = (slot: number) => (slot % 2 === 0 ? 1 : 3);

/** What the row of a VID holds: slots 0 to 6 in turn, or the slot that is down with slot 0 behind it. */
function row(vid: number) {
  const failed = vid % BACKUP_EVERY === BACKUP_EVERY - 1;
  return {
    active: failed ? DOWN_SLOT : vid % DOWN_SLOT,
    backup: 0,
    backup_in_sync: 1,
    valid: 1,
  };
}

/**
 * What the tables should hold: SIP at one virtual address, and every row of the VID table.
 * `cutThrough`: ports give frames to the pipeline from their first beat on.
 */
export function fillTables(tables: CardTables, sizes: CardSizes, cutThrough: boolean): void {
  const services = loadServices(SERVICE, { address: VIRTUAL_ADDRESS });
  const { rules, prefixes, typeSets } = compileServices(services, sizes);
  for (const { port, fabric } of PORTS) {
    const mac = macToBigInt(portMac(port));
    tables.set('port', port, { mac, fabric: Number(fabric), cut_through: Number(cutThrough) });
  }
  for (let slot = 0; slot < SLOTS; slot++) {
    const up = Number(slot !== DOWN_SLOT);
    tables.set('slot', slot, { up, port: fabricPort(slot), line_port: 0, epoch: EPOCH });
  }
  for (const [index, entry] of prefixes.entries()) tables.set('prefix', index, entry);
  for (const [index, entry] of rules.entries()) tables.set('rule', index, entry);
  const inSession = rules.find(({ valid, setup_always }) => valid === 1 && setup_always === 0);
  const free = rules.findIndex(({ valid }) => valid === 0);
  if (inSession === undefined) throw new Error('the SIP service has no rule with an identifier');
  tables.set('rule', free, {
    ...inSession,
    port_low: OVERRIDDEN.low,
    port_high: OVERRIDDEN.high,
    override: VALUES.rule_override.identifier,
    override_only: 1,
    override_space: OVERRIDDEN.space,
  });
  for (const [index, types] of typeSets.flat().entries()) tables.set('type_set', index, { types });
  for (let vid = 0; vid < TABLES.vid_row.entries(sizes); vid++)
    tables.set('vid_row', vid, row(vid));
}

/** Overrides for the first of their ports, each for a VID whose active slot is up. */
export async function fillOverrides(table: OverrideTable): Promise<void> {
  await table.clear();
  const { low, space } = OVERRIDDEN;
  const entries = active
    .slice(0, OVERRIDES_USED)
    .map((vid, n) => ({ space, key: BigInt(low + n), vid }));
  await table.insert(entries);
}

/** A UDP frame from the line of so many bytes without FCS, to a port of the virtual address. */
function fromLine(linePort: number, destinationPort: number, bytes: number): Buffer {
  return buildUdpFrame({
    dstMac: portMac(linePort),
    srcMac: CLIENT.mac,
    src: CLIENT.address,
    dst: VIRTUAL_ADDRESS,
    srcPort: CLIENT.port,
    dstPort: destinationPort,
    payload: Buffer.alloc(bytes - UDP_HEADERS, 0x2e),
  });
}
/** Ethernet, IPv4 without options, UDP. */
const UDP_HEADERS = 14 + 20 + 8;

/** A frame for a VID; the shortest unless told. */
export function steered(vid: number, bytes: number = SHORTEST, linePort = 0): Buffer {
  return fromLine(linePort, FIRST_PORT + vid, bytes);
}

const nth = (of: readonly number[], n: number) => of[n % of.length] ?? 0;

/** VIDs whose active slot is up, or with `backup` those whose active slot is down; in order. */
export function vids(count: number, backup = false): number[] {
  const fitting: number[] = [];
  for (let n = 0; fitting.length < count; n++) {
    const vid = n % VIDS_USED;
    if ((row(vid).active === DOWN_SLOT) === backup) fitting.push(vid);
  }
  return fitting;
}

/** VIDs whose active slot is up and behind one fabric port. */
export function vidsBehind(port: number, count: number): number[] {
  const fitting = [...new Set(vids(VIDS_USED))].filter(
    (vid) => fabricPort(row(vid).active) === port,
  );
  return Array.from({ length: count }, (_, n) => nth(fitting, n));
}

export interface Kind {
  readonly name: string;
  /** The reason that the card must give. */
  readonly reason: string;
  /** Port that it comes in by. */
  readonly port: number;
  /** The n-th frame of a run. */
  readonly frame: (n: number) => Buffer;
}

function fromSlot(slot: number, dstMac: string, bytes = SHORTEST): Buffer {
  return buildUdpFrame({
    dstMac,
    srcMac: slotMac(PREFIX, slot, EPOCH),
    src: VIRTUAL_ADDRESS,
    dst: CLIENT.address,
    srcPort: FIRST_PORT,
    dstPort: CLIENT.port,
    payload: Buffer.alloc(bytes - UDP_HEADERS, 0x2e),
  });
}

const active = vids(1000);
const failed = vids(400, true);

/** Shortest frames with one end each. */
export const KINDS: readonly Kind[] = [
  {
    name: 'steered, active slot up',
    reason: 'steer_active',
    port: 0,
    frame: (n) => steered(nth(active, n)),
  },
  {
    name: 'steered to the backup',
    reason: 'steer_backup',
    port: 0,
    frame: (n) => steered(nth(failed, n)),
  },
  {
    name: 'punted set-up',
    reason: 'punt_setup',
    port: 0,
    frame: () => fromLine(0, CLIENT.port, SHORTEST),
  },
  {
    name: 'steered by an override',
    reason: 'steer_active',
    port: 0,
    frame: (n) => fromLine(0, OVERRIDDEN.low + (n % 1000), SHORTEST),
  },
  {
    name: 'punted, no override',
    reason: 'punt_no_override',
    port: 0,
    frame: (n) => fromLine(0, OVERRIDDEN.low + 5000 + (n % 1000), SHORTEST),
  },
  {
    name: 'dropped, no service',
    reason: 'no_service',
    port: 0,
    frame: () => fromLine(0, 9, SHORTEST),
  },
  {
    name: 'slot to line',
    reason: 'line_from_slot',
    port: 1,
    frame: () => fromSlot(2, CLIENT.mac),
  },
  {
    name: 'slot to slot',
    reason: 'slot_to_slot',
    port: 1,
    frame: () => fromSlot(2, slotMac(PREFIX, 3, EPOCH)),
  },
];
