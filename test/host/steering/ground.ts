/** A card of two ports and a few slots, for cases made by hand. */
import { bytesToMac } from '../../../host/protocol/address.ts';
import type { Verdict } from '../../../host/steering/decide.ts';
import { parseService } from '../../../host/steering/service-file.ts';
import type { Arrival, CardState, SlotState } from '../../../host/steering/state.ts';
import { SIZES } from '../../generators/sizes.ts';

export const LINE = 0;
export const FABRIC = 1;
export const HOST = 2; // as many as there are ports
export const LINE_MAC = '02:00:00:00:00:10';
export const FABRIC_MAC = '02:00:00:00:00:20';
export const CLIENT_MAC = '02:00:00:00:00:99';
export const FABRIC_PREFIX = 0x0256494c;
export const LINK = { dstMac: LINE_MAC, srcMac: CLIENT_MAC };
export const V4 = { src: '198.51.100.1', dst: '192.0.2.1' };
export const V6 = { src: '2001:db8::2', dst: '2001:db8::1' };

export const slot = (entry: Partial<SlotState> = {}): SlotState => ({
  up: true,
  port: FABRIC,
  linePort: LINE,
  epoch: 7,
  ...entry,
});

/** VID 1 is served by slot 0, with slot 1 as its backup. */
export function stateWith(rules: string, more: Partial<CardState> = {}): CardState {
  return {
    enabled: true,
    sizes: { ...SIZES, vids: 4096 },
    fabricPrefix: FABRIC_PREFIX,
    ports: [
      { mac: LINE_MAC, fabric: false },
      { mac: FABRIC_MAC, fabric: true },
    ],
    slots: [slot(), slot({ epoch: 9 }), slot({ up: false })],
    rules: parseService(`service: test\nrules:\n${rules}`, 'test.yaml').rules,
    rows: new Map([[1, { valid: true, active: 0, backup: 1, backupInSync: true }]]),
    ...more,
  };
}

export const fromLine: Arrival = { from: { port: LINE } };
export const fromFabric: Arrival = { from: { port: FABRIC } };

export const slotMac = (number: number, epoch: number) =>
  bytesToMac(Buffer.of(0x02, 0x56, 0x49, 0x4c, number, epoch));

/** The record without the fields that are 0. */
export function fields({ decision }: Verdict) {
  return Object.fromEntries(Object.entries(decision).filter(([, value]) => Number(value) !== 0));
}
