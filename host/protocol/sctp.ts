/** SCTP's common header and DATA chunk (RFC 9260 §3.1, §3.3.1); other chunks stay bytes. */
import { checkRange, view } from './bytes.ts';
import { crc32c } from './checksum.ts';
import { carryIp, IP_PROTOCOL, type IpCarrier } from './ip.ts';

export interface SctpFields {
  readonly srcPort: number;
  readonly dstPort: number;
  /** The receiver chose it; 0 in a packet with an INIT chunk. */
  readonly verificationTag: number;
  /** All chunks as they stand in the packet. */
  readonly chunks: Uint8Array;
}

export interface SctpPacket extends SctpFields {
  readonly chunks: Buffer;
  readonly checksumOk: boolean;
}

/** Reads the common header; undefined where the bytes end within it. */
export function parseSctp(packet: Uint8Array): SctpPacket | undefined {
  if (packet.length < 12) return undefined;
  const bytes = view(packet);
  const zeroed = Buffer.from(bytes);
  zeroed.writeUInt32LE(0, 8);
  return {
    srcPort: bytes.readUInt16BE(0),
    dstPort: bytes.readUInt16BE(2),
    verificationTag: bytes.readUInt32BE(4),
    chunks: bytes.subarray(12),
    checksumOk: bytes.readUInt32LE(8) === crc32c(zeroed),
  };
}

/** A packet with its CRC32c. */
export function buildSctp(fields: SctpFields): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(checkRange('srcPort', fields.srcPort, 0xffff), 0);
  header.writeUInt16BE(checkRange('dstPort', fields.dstPort, 0xffff), 2);
  header.writeUInt32BE(checkRange('verificationTag', fields.verificationTag, 0xffffffff), 4);
  const packet = Buffer.concat([header, fields.chunks]);
  packet.writeUInt32LE(crc32c(packet), 8);
  return packet;
}

/** A DATA chunk that holds one whole user message, padded to a multiple of 4. */
export function buildSctpDataChunk(chunk: {
  readonly tsn: number;
  readonly streamId: number;
  readonly streamSequence: number;
  /** Payload protocol identifier (IANA), 0 for none. */
  readonly payloadProtocol?: number;
  readonly payload: Uint8Array;
}): Buffer {
  const length = checkRange('chunk length', 16 + chunk.payload.length, 0xffff);
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  bytes.writeUInt8(0, 0); // DATA
  bytes.writeUInt8(0x03, 1); // first and last fragment of the message
  bytes.writeUInt16BE(length, 2);
  bytes.writeUInt32BE(checkRange('tsn', chunk.tsn, 0xffffffff), 4);
  bytes.writeUInt16BE(checkRange('streamId', chunk.streamId, 0xffff), 8);
  bytes.writeUInt16BE(checkRange('streamSequence', chunk.streamSequence, 0xffff), 10);
  bytes.writeUInt32BE(checkRange('payloadProtocol', chunk.payloadProtocol ?? 0, 0xffffffff), 12);
  bytes.set(chunk.payload, 16);
  return bytes;
}

/** A frame with one SCTP packet, over IPv4 or IPv6 by the form of the addresses. */
export function buildSctpFrame(fields: IpCarrier & SctpFields): Buffer {
  return carryIp(fields, IP_PROTOCOL.sctp, buildSctp(fields));
}
