/**
 * The header of GTP version 1, which GTP-U (TS 29.281 §5.1) and GTPv1-C (TS 29.060 §6) share, with
 * its extension headers (§5.2).
 */
import { checkRange, view } from './bytes.ts';
import { GtpError } from './gtp-ie.ts';

export interface ExtensionHeader {
  /** 0x85 PDU session container, 0xc0 PDCP PDU number, 0xc1 suspend request … */
  readonly type: number;
  /** Without its length and the type of the next: 2 bytes less than a multiple of 4. */
  readonly content: Buffer;
}

export interface Gtpv1Header {
  readonly type: number;
  readonly teid: number;
  readonly sequence: number | undefined;
  readonly nPdu: number | undefined;
  readonly extensions: readonly ExtensionHeader[];
}

export interface Gtpv1Packet extends Gtpv1Header {
  /** Behind all headers; a view. */
  readonly body: Buffer;
  /** Where it begins. */
  readonly offset: number;
}

/** Bytes that every message has. */
export const GTPV1_HEADER = 8;

const VERSION_1 = 0x20;
const PROTOCOL_TYPE = 0x10; // GTP, and not GTP'
const HAS_EXTENSION = 0x04;
const HAS_SEQUENCE = 0x02;
const HAS_NPDU = 0x01;

/**
 * Reads the header; bytes behind the message's length are left out. Throws GtpError: `version` where
 * it is another version or GTP', `header` where lengths do not fit.
 */
export function readGtpv1Header(bytes: Uint8Array): Gtpv1Packet {
  const all = view(bytes);
  const first = all[0] ?? 0;
  if ((first & 0xf0) !== (VERSION_1 | PROTOCOL_TYPE)) {
    throw new GtpError(
      'version',
      0,
      `GTP: flags 0x${first.toString(16)} are not those of version 1`,
    );
  }
  if (all.length < GTPV1_HEADER) {
    throw new GtpError('header', 0, `GTPv1: ${all.length} bytes, the header alone has 8`);
  }
  const length = all.readUInt16BE(2);
  const end = GTPV1_HEADER + length;
  const type = all.readUInt8(1);
  if (end > all.length) {
    const text = `GTPv1 message ${type}: length ${length}, but ${all.length - GTPV1_HEADER} bytes came`;
    throw new GtpError('header', 2, text);
  }
  const teid = all.readUInt32BE(4);
  if ((first & (HAS_EXTENSION | HAS_SEQUENCE | HAS_NPDU)) === 0) {
    const none = { sequence: undefined, nPdu: undefined, extensions: [] };
    return { type, teid, ...none, body: all.subarray(GTPV1_HEADER, end), offset: GTPV1_HEADER };
  }
  // The three optional fields are there together, and each counts only with its flag (§5.1).
  if (length < 4) {
    throw new GtpError(
      'header',
      2,
      `GTPv1 message ${type}: length ${length} has no room for flags`,
    );
  }
  const sequence = first & HAS_SEQUENCE ? all.readUInt16BE(8) : undefined;
  const nPdu = first & HAS_NPDU ? all.readUInt8(10) : undefined;
  const extensions: ExtensionHeader[] = [];
  let at = 12;
  for (let next = first & HAS_EXTENSION ? all.readUInt8(11) : 0; next !== 0; ) {
    const size = 4 * (at < end ? all.readUInt8(at) : 0);
    if (size === 0 || at + size > end) {
      const name = `extension header 0x${next.toString(16)}`;
      throw new GtpError('header', at, `GTPv1 message ${type}: ${name} does not fit the message`);
    }
    extensions.push({ type: next, content: all.subarray(at + 1, at + size - 1) });
    next = all.readUInt8(at + size - 1);
    at += size;
  }
  return { type, teid, sequence, nPdu, extensions, body: all.subarray(at, end), offset: at };
}

/** A whole message. Throws RangeError that names the field which does not fit. */
export function buildGtpv1(
  header: Pick<Gtpv1Header, 'type' | 'teid'> & Partial<Gtpv1Header>,
  body: Uint8Array,
): Buffer {
  const { type, teid, sequence, nPdu, extensions = [] } = header;
  const flags =
    (extensions.length > 0 ? HAS_EXTENSION : 0) |
    (sequence === undefined ? 0 : HAS_SEQUENCE) |
    (nPdu === undefined ? 0 : HAS_NPDU);
  const front = flags === 0 ? GTPV1_HEADER : GTPV1_HEADER + 4;
  const middle = extensions.map(({ content }, i) => {
    if (content.length % 4 !== 2) {
      throw new RangeError(
        `extension header of ${content.length} bytes: 2 less than a multiple of 4`,
      );
    }
    const units = checkRange('length of an extension header', (content.length + 2) / 4, 0xff);
    return Buffer.concat([Buffer.of(units), content, Buffer.of(extensions[i + 1]?.type ?? 0)]);
  });
  const headers = middle.reduce((sum, { length }) => sum + length, front);
  const message = Buffer.allocUnsafe(headers + body.length);
  let at = front;
  for (const extension of middle) {
    message.set(extension, at);
    at += extension.length;
  }
  message.set(body, at);
  const length = checkRange('GTP length', message.length - GTPV1_HEADER, 0xffff);
  message.writeUInt8(VERSION_1 | PROTOCOL_TYPE | flags, 0);
  message.writeUInt8(checkRange('type', type, 0xff), 1);
  message.writeUInt16BE(length, 2);
  message.writeUInt32BE(checkRange('teid', teid, 0xffffffff), 4);
  if (flags !== 0) {
    message.writeUInt16BE(checkRange('sequence', sequence ?? 0, 0xffff), 8);
    message.writeUInt8(checkRange('nPdu', nPdu ?? 0, 0xff), 10);
    message.writeUInt8(checkRange('extension type', extensions[0]?.type ?? 0, 0xff), 11);
  }
  return message;
}

/**
 * Whether a receiver that does not know the extension header must refuse the message: the upper two
 * bits (TS 29.281 §5.2.1, figure 5.2.1-2). 10 and 11 demand it of an end point, as a gateway is.
 */
export function mustBeUnderstood({ type }: ExtensionHeader): boolean {
  return (type & 0x80) !== 0;
}
