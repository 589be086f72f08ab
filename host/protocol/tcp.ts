/** TCP segments (RFC 9293 §3.1): headers only, no connections. */
import { checkRange, view } from './bytes.ts';
import { transportChecksum } from './checksum.ts';
import { carryIp, IP_PROTOCOL, type IpCarrier } from './ip.ts';

/** Bits of the flags octet. */
export const TCP_FLAG = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10, urg: 0x20 };

export interface TcpFields {
  readonly srcPort: number;
  readonly dstPort: number;
  readonly payload: Uint8Array;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  /** Bits of TCP_FLAG. */
  readonly flags?: number;
  readonly window?: number;
  /** Padded with "end of option list" to a multiple of 4; at most 40 bytes. */
  readonly options?: Uint8Array;
}

export interface TcpSegment extends Required<TcpFields> {
  readonly payload: Buffer;
  readonly options: Buffer;
  readonly checksum: number;
}

/** Reads a segment; undefined where its header does not fit the bytes. */
export function parseTcp(segment: Uint8Array): TcpSegment | undefined {
  if (segment.length < 20) return undefined;
  const bytes = view(segment);
  const headerLength = (bytes.readUInt8(12) >> 4) * 4;
  if (headerLength < 20 || headerLength > bytes.length) return undefined;
  return {
    srcPort: bytes.readUInt16BE(0),
    dstPort: bytes.readUInt16BE(2),
    sequence: bytes.readUInt32BE(4),
    acknowledgement: bytes.readUInt32BE(8),
    flags: bytes.readUInt8(13),
    window: bytes.readUInt16BE(14),
    checksum: bytes.readUInt16BE(16),
    options: bytes.subarray(20, headerLength),
    payload: bytes.subarray(headerLength),
  };
}

/** A segment with its checksum; src and dst are the IP addresses that it covers. */
export function buildTcp(
  fields: TcpFields & { readonly src: string; readonly dst: string },
): Buffer {
  const options = fields.options ?? new Uint8Array(0);
  const headerLength = 20 + Math.ceil(checkRange('length of options', options.length, 40) / 4) * 4;
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(checkRange('srcPort', fields.srcPort, 0xffff), 0);
  header.writeUInt16BE(checkRange('dstPort', fields.dstPort, 0xffff), 2);
  header.writeUInt32BE(checkRange('sequence', fields.sequence ?? 0, 0xffffffff), 4);
  header.writeUInt32BE(checkRange('acknowledgement', fields.acknowledgement ?? 0, 0xffffffff), 8);
  header.writeUInt8((headerLength / 4) << 4, 12);
  header.writeUInt8(checkRange('flags', fields.flags ?? TCP_FLAG.ack, 0xff), 13);
  header.writeUInt16BE(checkRange('window', fields.window ?? 0xffff, 0xffff), 14);
  header.set(options, 20);
  checkRange('segment length', headerLength + fields.payload.length, 0xffff);
  const { src, dst, payload } = fields;
  header.writeUInt16BE(transportChecksum(src, dst, IP_PROTOCOL.tcp, header, payload), 16);
  return Buffer.concat([header, fields.payload]);
}

/** A frame with one TCP segment; `tcpOptions` are TCP's, `options` are IPv4's. */
export function buildTcpFrame(
  fields: IpCarrier & Omit<TcpFields, 'options'> & { readonly tcpOptions?: Uint8Array },
): Buffer {
  const segment = buildTcp({ ...fields, options: fields.tcpOptions ?? new Uint8Array(0) });
  return carryIp(fields, IP_PROTOCOL.tcp, segment);
}
