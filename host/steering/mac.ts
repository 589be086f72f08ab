/** MAC addresses where they stand in frames. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The address at `at` as lower-case text with colons. */
export function macAt(frame: Uint8Array, at: number): string {
  let text = HEX[frame[at] ?? 0] ?? '';
  for (let i = at + 1; i < at + 6; i++) text += `:${HEX[frame[i] ?? 0]}`;
  return text;
}

/** The I/G bit (IEEE 802-2014 §8.2.2) of the destination, which a frame begins with. */
export function isGroupMac(frame: Uint8Array): boolean {
  return ((frame[0] ?? 0) & 1) === 1;
}

/** Writes an address that is given as text with colons. */
export function writeMac(frame: Uint8Array, at: number, mac: string): void {
  for (let i = 0; i < 6; i++) frame[at + i] = Number.parseInt(mac.slice(3 * i, 3 * i + 2), 16);
}
