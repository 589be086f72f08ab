/**
 * Records of the log from an owner to one backup, and their bytes. One log carries all VIDs that
 * the two have in common; each record has a number, by its place.
 *
 * | type | bytes behind type (1) and VID (2) | meaning |
 * |---|---|---|
 * | `hello` | – | the log begins; carries no VID (0) |
 * | `open` | term (4) | a new copy of the VID begins, empty |
 * | `continue` | term (4) | a copy of the VID begins with the state that the receiver had as its owner |
 * | `put` | key length (1), value length (2), key, value | an entry, as it is now |
 * | `delete` | key length (1), key | an entry is gone |
 * | `mark` | term (4), digest (8) | what the digest of the copy must be at this place of the log |
 * | `handover` | term (4) | from here on the receiver owns the VID |
 * | `close` | – | the receiver is no copy of the VID any more |
 * | `packet` | flags (1), length (2), bytes | a packet for the VID that came to who owned it before |
 */
import { view } from '../protocol/bytes.ts';

export type LogRecord =
  | { readonly type: 'hello'; readonly vid: 0 }
  | {
      readonly type: 'open' | 'handover' | 'continue';
      readonly vid: number;
      readonly term: number;
    }
  | { readonly type: 'put'; readonly vid: number; readonly key: string; readonly value: Buffer }
  | { readonly type: 'delete'; readonly vid: number; readonly key: string }
  | { readonly type: 'mark'; readonly vid: number; readonly term: number; readonly digest: string }
  | { readonly type: 'close'; readonly vid: number }
  | {
      readonly type: 'packet';
      readonly vid: number;
      readonly more: boolean;
      readonly part: Buffer;
    };

const CODES = {
  hello: 0,
  open: 1,
  put: 2,
  delete: 3,
  mark: 4,
  handover: 5,
  close: 6,
  packet: 7,
  continue: 8,
} as const;
const TYPES = Object.keys(CODES) as (keyof typeof CODES)[];

/** Longest part of a packet in one record. */
export const MAX_PART = 1300;
const HEAD = 3;

/** Bytes that a record takes. */
export function sizeOf(record: LogRecord): number {
  switch (record.type) {
    case 'hello':
    case 'close':
      return HEAD;
    case 'open':
    case 'handover':
    case 'continue':
      return HEAD + 4;
    case 'put':
      return HEAD + 3 + Buffer.byteLength(record.key) + record.value.length;
    case 'delete':
      return HEAD + 1 + Buffer.byteLength(record.key);
    case 'mark':
      return HEAD + 12;
    case 'packet':
      return HEAD + 3 + record.part.length;
  }
}

/** Writes a record; returns where the next one begins. */
export function writeRecord(bytes: Buffer, at: number, record: LogRecord): number {
  bytes[at] = CODES[record.type];
  let end = bytes.writeUInt16BE(record.vid, at + 1);
  switch (record.type) {
    case 'open':
    case 'handover':
    case 'continue':
      return bytes.writeUInt32BE(record.term, end);
    case 'put': {
      const { key, value } = record;
      const keyEnd = end + 3 + bytes.write(key, end + 3);
      bytes[end] = keyEnd - end - 3;
      bytes.writeUInt16BE(value.length, end + 1);
      bytes.set(value, keyEnd);
      return keyEnd + value.length;
    }
    case 'delete': {
      const length = bytes.write(record.key, end + 1);
      bytes[end] = length;
      return end + 1 + length;
    }
    case 'mark':
      end = bytes.writeUInt32BE(record.term, end);
      return end + bytes.write(record.digest, end, 8, 'hex');
    case 'packet':
      bytes[end] = record.more ? 1 : 0;
      end = bytes.writeUInt16BE(record.part.length, end + 1);
      bytes.set(record.part, end);
      return end + record.part.length;
  }
  return end;
}

/** A record, and where the next one begins. Values are copies: the frame's memory is not ours. */
export function readRecord(bytes: Buffer, at: number): { record: LogRecord; end: number } {
  const type = TYPES[bytes.readUInt8(at)];
  const vid = bytes.readUInt16BE(at + 1);
  const body = at + HEAD;
  switch (type) {
    case 'hello':
      return { record: { type, vid: 0 }, end: body };
    case 'open':
    case 'handover':
    case 'continue':
      return { record: { type, vid, term: bytes.readUInt32BE(body) }, end: body + 4 };
    case 'put': {
      const keyEnd = body + 3 + bytes.readUInt8(body);
      const end = keyEnd + bytes.readUInt16BE(body + 1);
      const key = bytes.toString('utf8', body + 3, keyEnd);
      return { record: { type, vid, key, value: copy(bytes, keyEnd, end) }, end };
    }
    case 'delete': {
      const end = body + 1 + bytes.readUInt8(body);
      checkEnd(bytes, end);
      return { record: { type, vid, key: bytes.toString('utf8', body + 1, end) }, end };
    }
    case 'mark': {
      const end = body + 12;
      checkEnd(bytes, end);
      const digest = bytes.toString('hex', body + 4, end);
      return { record: { type, vid, term: bytes.readUInt32BE(body), digest }, end };
    }
    case 'close':
      return { record: { type, vid }, end: body };
    case 'packet': {
      const more = bytes.readUInt8(body) === 1;
      const end = body + 3 + bytes.readUInt16BE(body + 1);
      return { record: { type, vid, more, part: copy(bytes, body + 3, end) }, end };
    }
    default:
      throw new RangeError(`record type ${bytes[at]}: not one of version 1`);
  }
}

function copy(bytes: Buffer, start: number, end: number): Buffer {
  checkEnd(bytes, end);
  return Buffer.from(view(bytes, start, end));
}

function checkEnd(bytes: Buffer, end: number): void {
  if (end > bytes.length) throw new RangeError('the record ends behind its datagram');
}
