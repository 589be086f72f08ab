/**
 * Datagrams of replication, without what carries them. Big-endian:
 *
 * | bytes | `log` | `ack` | `unknown` |
 * |---|---|---|---|
 * | 0 | kind 1 | kind 2 | kind 3 |
 * | 1 | 0 | 1 where datagrams behind a gap wait | 0 |
 * | 2–3 | number of records | number of refused marks | 0 |
 * | 4–7 | number of the log | the same | the same |
 * | 8–15 | number of the first record | number of the next record that is missing | 0 |
 * | 16– | the records | numbers of refused marks, 8 bytes each | – |
 *
 * What lies behind that is padding.
 */

/** Longest datagram: with envelope and Ethernet header a frame of 1,500 holds it. */
export const MAX_DATAGRAM = 1456;
export const DATAGRAM_HEAD = 16;
/** Refused marks that one answer names; more are named when these are dealt with. */
const MAX_REFUSED = 128;

export interface LogDatagram {
  readonly kind: 'log';
  readonly log: number;
  readonly first: number;
  readonly count: number;
  /** Head included: records begin at DATAGRAM_HEAD. */
  readonly bytes: Buffer;
}

export interface AckDatagram {
  readonly kind: 'ack';
  readonly log: number;
  readonly next: number;
  readonly gap: boolean;
  /** Marks at which the digests differed. */
  readonly refused: readonly number[];
}

/** The receiver has not got the beginning of this log. */
export interface UnknownDatagram {
  readonly kind: 'unknown';
  readonly log: number;
}

export type Datagram = LogDatagram | AckDatagram | UnknownDatagram;

/** Fills in the head of a log datagram whose records are written already. */
export function writeLogHead(bytes: Buffer, log: number, first: number, count: number): void {
  bytes.writeUInt16BE(0x0100, 0);
  bytes.writeUInt16BE(count, 2);
  bytes.writeUInt32BE(log, 4);
  bytes.writeUInt16BE(0, 8);
  bytes.writeUIntBE(first, 10, 6);
}

export function buildAck({ log, next, gap, refused }: Omit<AckDatagram, 'kind'>): Buffer {
  const named = refused.slice(0, MAX_REFUSED);
  const bytes = Buffer.alloc(DATAGRAM_HEAD + 8 * named.length);
  bytes.writeUInt16BE(0x0200 | Number(gap), 0);
  bytes.writeUInt16BE(named.length, 2);
  bytes.writeUInt32BE(log, 4);
  bytes.writeUIntBE(next, 10, 6);
  named.forEach((mark, i) => void bytes.writeUIntBE(mark, DATAGRAM_HEAD + 8 * i + 2, 6));
  return bytes;
}

export function buildUnknown(log: number): Buffer {
  const bytes = Buffer.alloc(DATAGRAM_HEAD);
  bytes.writeUInt16BE(0x0300, 0);
  bytes.writeUInt32BE(log, 4);
  return bytes;
}

/** Undefined where it is none of these. */
export function parseDatagram(bytes: Buffer): Datagram | undefined {
  if (bytes.length < DATAGRAM_HEAD) return undefined;
  const log = bytes.readUInt32BE(4);
  const count = bytes.readUInt16BE(2);
  const number = bytes.readUIntBE(10, 6);
  switch (bytes[0]) {
    case 1:
      return { kind: 'log', log, first: number, count, bytes };
    case 2: {
      if (bytes.length < DATAGRAM_HEAD + 8 * count) return undefined;
      const refused = Array.from({ length: count }, (_, i) =>
        bytes.readUIntBE(DATAGRAM_HEAD + 8 * i + 2, 6),
      );
      return { kind: 'ack', log, next: number, gap: bytes[1] === 1, refused };
    }
    case 3:
      return { kind: 'unknown', log };
    default:
      return undefined;
  }
}
