/** MAC addresses of slots: the fabric prefix, the slot's number, its epoch. */
import { bytesToMac, macToBytes } from '../protocol/address.ts';

/** @param fabricPrefix four octets, the first in the most significant bits. */
export function slotMac(fabricPrefix: number, slot: number, epoch: number): string {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt32BE(fabricPrefix, 0);
  bytes.writeUInt8(slot, 4);
  bytes.writeUInt8(epoch, 5);
  return bytesToMac(bytes);
}

/** Undefined for an address with another prefix. Slot 0xff is the control address. */
export function readSlotMac(
  mac: string,
  fabricPrefix: number,
): { slot: number; epoch: number } | undefined {
  const bytes = macToBytes(mac);
  if (bytes.readUInt32BE(0) !== fabricPrefix) return undefined;
  return { slot: bytes.readUInt8(4), epoch: bytes.readUInt8(5) };
}
