/** MAC addresses of slots: the fabric prefix, the slot's number, its epoch. */
import { bytesToMac } from '../protocol/address.ts';

/** Fifth octet of the control address, where slots have their number. */
export const CONTROL = 0xff;

/** @param fabricPrefix four octets, the first in the most significant bits. */
export function slotMac(fabricPrefix: number, slot: number, epoch: number): string {
  const bytes = Buffer.alloc(6);
  writeSlotMac(bytes, 0, fabricPrefix, slot, epoch);
  return bytesToMac(bytes);
}

export function writeSlotMac(
  frame: Uint8Array,
  at: number,
  fabricPrefix: number,
  slot: number,
  epoch: number,
): void {
  for (let i = 0; i < 4; i++) frame[at + i] = (fabricPrefix >>> (24 - 8 * i)) & 0xff;
  frame[at + 4] = slot;
  frame[at + 5] = epoch;
}

/** The address at `at`; undefined where it has another prefix. */
export function readSlotMac(
  frame: Uint8Array,
  at: number,
  fabricPrefix: number,
): { slot: number; epoch: number } | undefined {
  for (let i = 0; i < 4; i++) {
    if (frame[at + i] !== ((fabricPrefix >>> (24 - 8 * i)) & 0xff)) return undefined;
  }
  return { slot: frame[at + 4] ?? 0, epoch: frame[at + 5] ?? 0 };
}
