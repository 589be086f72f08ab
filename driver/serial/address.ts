/** Names of cards on serial lines, as people type them. */

export interface SerialPortAddress {
  readonly path: string;
  /** Bits a second. A pseudo-terminal takes any. */
  readonly baudRate: number;
}

/** What boards of ours are built for. */
export const BAUD_RATE = 3_000_000;

/** `uart:PATH@BAUD`; without a rate BAUD_RATE. Throws RangeError in words. */
export function parseSerialAddress(text: string): SerialPortAddress {
  const found = /^uart:(?<path>[^@]+)(?:@(?<baud>\d+))?$/.exec(text);
  const path = found?.groups?.path;
  const baudRate = Number(found?.groups?.baud ?? BAUD_RATE);
  if (path === undefined || baudRate < 1 || baudRate > 12_000_000)
    throw new RangeError(
      `"${text}" names no card: give uart:PATH@BAUD, such as uart:/dev/ttyUSB0@${BAUD_RATE}`,
    );
  return { path, baudRate };
}
