/**
 * A board's core after synthesis beside the RTL, at its pins: RGMII with preamble and FCS, the driver on the serial
 * line. Not clock by clock, since a program is in between: what goes in and what has come out is the same.
 */
import { isDeepStrictEqual } from 'node:util';
import { Card, CardTables, type DecidedFrame, SerialTransport } from '../../driver/index.ts';
import { macToBigInt } from '../../host/protocol/address.ts';
import { buildUdpFrame } from '../../host/protocol/udp.ts';
import { compileServices } from '../../host/steering/compile.ts';
import { loadServices } from '../../host/steering/service-file.ts';
import { type Board, SimulatedCard, type StandIn } from '../../sim/index.ts';
import { Mismatch, show } from '../fuzz/mismatch.ts';
import { Random } from '../generators/random.ts';

export const BOARD: Board = { clockKhz: 62_500, baud: 15_625_000, rmii: false };

const [LINE, FABRIC, SLOTS, VIDS, FRAMES] = [0, 1, 4, 32, 40];
const FIRST_PORT = 20_000;
const PREFIX = 0x02564c00;
const ADDRESS = '192.0.2.1';
/** Milliseconds for an answer: a netlist makes some thousand clocks a second, and one octet takes forty. */
const PATIENCE = 300_000;
const MACS = ['02:00:00:00:00:01', '02:00:00:00:00:02'];

/** What came out, in words that can be compared. */
export interface Outcome {
  readonly toFabric: readonly string[];
  readonly toHost: readonly string[];
  readonly toLine: readonly string[];
  /** Counters of the card by end, and of its MACs. */
  readonly counts: unknown;
  readonly tables: number;
}

/**
 * Tables written and read back, a set-up punted, sessions steered, bad frames counted, a frame injected.
 * `line` is told what is under way.
 */
export async function exercise(
  configuration: string,
  line: (text: string) => void,
  standIn?: StandIn,
): Promise<Outcome> {
  const simulated = await SimulatedCard.open({
    ...{ configuration, mode: 'lockstep', board: BOARD, seed: 0 },
    ...(standIn ? { standIn } : {}),
  });
  let card: Card | undefined;
  try {
    for (const port of [LINE, FABRIC]) await simulated.attachMemory(port);
    const path = await simulated.attachSerial();
    const serial = { path, baudRate: BOARD.baud };
    card = await Card.attach(
      await SerialTransport.open(serial, { keepAlive: 0, patience: PATIENCE }),
    );
    const punted: DecidedFrame[] = [];
    card.on('frames', (frames) => punted.push(...frames));
    line('attached; tables are written and read back');
    const tables = await fill(card);
    line('a set-up, and sessions');
    const random = new Random(5);
    await simulated.send(LINE, [toCard(5060, random.bytes(600))]);
    await settle(simulated, card);
    const frames = Array.from({ length: FRAMES }, () =>
      toCard(FIRST_PORT + random.below(VIDS), random.bytes(18 + random.below(1400))),
    );
    const bad = frames.map((_, n) => n % 9 === 4);
    await simulated.send(LINE, frames, { bad });
    await settle(simulated, card);
    line('a frame of the host, all counters and all tables');
    await card.inject([{ target: { to: 'port', port: LINE }, data: random.bytes(300) }]);
    await settle(simulated, card);
    const { ends } = await card.snapshot();
    return {
      toFabric: simulated.received(FABRIC).map((frame) => frame.toString('hex')),
      toHost: punted.map(({ data, reason }) => `${reason?.name} ${data.toString('hex')}`),
      toLine: simulated.received(LINE).map((frame) => frame.toString('hex')),
      counts: { ends, macs: await card.readTable('mac') },
      tables: (await tables.compare()).length,
    };
  } finally {
    await card?.close();
    await simulated.close();
  }
}

/** Throws `Mismatch` where the outcomes differ, or where so little came out that it shows nothing. */
export function compareOutcomes(rtl: Outcome, netlist: Outcome): void {
  for (const part of Object.keys(rtl) as (keyof Outcome)[]) {
    if (isDeepStrictEqual(rtl[part], netlist[part])) continue;
    const both = `RTL ${show(rtl[part])}\nnetlist ${show(netlist[part])}`;
    throw new Mismatch(`a board's RTL and netlist, ${part}`, both);
  }
  const { toFabric, toHost, toLine, tables } = rtl;
  const wanted = FRAMES - Math.floor((FRAMES + 4) / 9);
  if (toFabric.length !== wanted || toHost.length !== 1 || toLine.length !== 1 || tables !== 0)
    throw new Mismatch('too little came out of the board', show([toFabric.length, toHost, toLine]));
}

const toCard = (dstPort: number, payload: Buffer) =>
  buildUdpFrame({
    dstMac: MACS[LINE] ?? '',
    srcMac: '02:00:00:00:ee:01',
    src: '192.0.2.100',
    dst: ADDRESS,
    srcPort: 5060,
    dstPort,
    payload,
  });

async function settle(simulated: SimulatedCard, card: Card): Promise<void> {
  await simulated.runUntilIdle(10_000_000);
  await card.status(); // what is for the host has come
}

async function fill(card: Card): Promise<CardTables> {
  const tables = new CardTables(card);
  const services = loadServices('host/services/sip.yaml', { address: ADDRESS });
  const { rules, prefixes, typeSets } = compileServices(services, card.sizes);
  for (const [port, mac] of MACS.entries()) {
    const fabric = Number(port === FABRIC);
    tables.set('port', port, { mac: macToBigInt(mac), fabric, cut_through: 0 });
  }
  for (const [index, entry] of prefixes.entries()) tables.set('prefix', index, entry);
  for (const [index, entry] of rules.entries()) tables.set('rule', index, entry);
  for (const [index, types] of typeSets.flat().entries()) tables.set('type_set', index, { types });
  for (let vid = 0; vid < VIDS; vid++) {
    const row = { active: vid % SLOTS, backup: 0, backup_in_sync: 0, valid: 1 };
    tables.set('vid_row', vid, row);
  }
  for (let slot = 0; slot < SLOTS; slot++)
    tables.set('slot', slot, { up: 1, port: FABRIC, line_port: LINE, epoch: 1 });
  await tables.reconcile();
  await card.setFabricPrefix(PREFIX);
  await card.setEnabled(true);
  return tables;
}
