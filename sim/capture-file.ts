/**
 * Capture files: reads classic pcap and pcapng, writes pcapng. The only reader and writer of the
 * project; the host imports it too.
 *
 * Formats: draft-ietf-opsawg-pcap (classic) and draft-ietf-opsawg-pcapng, whose block numbers and
 * option codes are cited below. Files packed with gzip are unpacked as they are read.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { ByteSource, CHUNK, type ReadOptions } from './byte-source.ts';

export { CaptureFileError } from './byte-source.ts';

/** LINKTYPE_ETHERNET of the tcpdump.org registry. */
export const LINKTYPE_ETHERNET = 1;

export interface CapturedFrame {
  /** Index of the interface in its file; classic pcap has one, 0. */
  readonly interfaceId: number;
  /** pcapng `if_name`, where the file has it. */
  readonly interfaceName?: string;
  /** LINKTYPE_ number of the tcpdump.org registry. */
  readonly linkType: number;
  /** Nanoseconds since 1970-01-01; 0n where the file has no time (Simple Packet Block). */
  readonly timestampNs: bigint;
  readonly data: Buffer;
  /** Bytes that the frame had on the wire; more than `data.length` where the capture cut it. */
  readonly originalLength: number;
  /** pcapng `opt_comment` of the packet. */
  readonly comment?: string;
}

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const OPT_COMMENT = 1;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;

/** No frame or block is longer; a larger number means that the file is damaged. */
const LONGEST_BLOCK = 64 * 1024 * 1024;

/**
 * Frames of a capture file, packed or not, in the order in which they stand in it.
 * Throws `CaptureFileError` when the file is no capture or is damaged, after the frames before the
 * damage; the errors of `fs.open` when it cannot be opened.
 */
export async function* readCapture(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<CapturedFrame, void, undefined> {
  const file = await open(path, 'r');
  let source: ByteSource | undefined;
  try {
    source = await ByteSource.open(path, file, options);
    if (!(await source.fill(4))) source.fail('no capture: the file has fewer than 4 bytes');
    const little = source.peek(4).readUInt32LE();
    const big = source.peek(4).readUInt32BE();
    if (little === SECTION_HEADER) yield* readPcapng(source);
    else if (little === PCAP_MICROSECONDS) yield* readPcap(source, true, 1000n);
    else if (big === PCAP_MICROSECONDS) yield* readPcap(source, false, 1000n);
    else if (little === PCAP_NANOSECONDS) yield* readPcap(source, true, 1n);
    else if (big === PCAP_NANOSECONDS) yield* readPcap(source, false, 1n);
    else
      source.fail(
        `no capture: it begins with 0x${big.toString(16).padStart(8, '0')}; ` +
          'pcap and pcapng are read, as they are or packed with gzip; convert others with editcap',
      );
  } finally {
    await source?.close();
    await file.close();
  }
}

/** Reads integers of 16 and 32 bits in the file's byte order. */
function reader(little: boolean) {
  return {
    u16: (b: Buffer, at: number) => (little ? b.readUInt16LE(at) : b.readUInt16BE(at)),
    u32: (b: Buffer, at: number) => (little ? b.readUInt32LE(at) : b.readUInt32BE(at)),
    u64: (b: Buffer, at: number) => (little ? b.readBigUInt64LE(at) : b.readBigUInt64BE(at)),
  };
}
type Reader = ReturnType<typeof reader>;

async function* readPcap(
  source: ByteSource,
  little: boolean,
  nanoseconds: bigint,
): AsyncGenerator<CapturedFrame, void, undefined> {
  const { u32 } = reader(little);
  await source.need(24, 'the file header');
  // The upper bits of the word hold the FCS length, not the link type.
  const linkType = u32(source.take(24), 20) & 0xffff;
  while (await source.fill(1)) {
    const start = source.offset;
    await source.need(16, 'a packet header');
    const header = source.take(16);
    const length = u32(header, 8);
    if (length > LONGEST_BLOCK)
      source.fail(`a packet of ${length} bytes: the file is damaged`, start);
    await source.need(length, 'a packet');
    yield {
      interfaceId: 0,
      linkType,
      timestampNs: BigInt(u32(header, 0)) * 1_000_000_000n + BigInt(u32(header, 4)) * nanoseconds,
      data: source.take(length),
      originalLength: u32(header, 12),
    };
  }
}

interface CaptureInterface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly name?: string;
  /** Converts a time of the file to nanoseconds. */
  readonly toNanoseconds: (time: bigint) => bigint;
}

async function* readPcapng(source: ByteSource): AsyncGenerator<CapturedFrame, void, undefined> {
  let order = reader(true);
  let interfaces: CaptureInterface[] = [];
  /** Interfaces of earlier sections: ids go on counting, so that one id names one interface. */
  let earlier = 0;
  while (await source.fill(1)) {
    const start = source.offset;
    await source.need(12, 'a block header');
    const head = source.peek(12);
    const section = head.readUInt32LE(0) === SECTION_HEADER;
    if (section) {
      // The byte order is a section's own (draft §4.1).
      if (head.readUInt32LE(8) === BYTE_ORDER) order = reader(true);
      else if (head.readUInt32BE(8) === BYTE_ORDER) order = reader(false);
      else source.fail('a section header without its byte-order magic: the file is damaged');
      earlier += interfaces.length;
      interfaces = [];
    }
    const type = order.u32(head, 0);
    const length = order.u32(head, 4);
    if (length < 12 || length % 4 !== 0 || length > LONGEST_BLOCK)
      source.fail(`a block of ${length} bytes: the file is damaged`);
    await source.need(length, 'a block');
    const block = source.take(length);
    if (order.u32(block, length - 4) !== length)
      source.fail('the two lengths of a block differ: the file is damaged', start);
    const body = block.subarray(8, length - 4);
    if (section) continue;
    if (type === INTERFACE_DESCRIPTION) {
      if (body.length < 8) source.fail('an interface description of less than 8 bytes', start);
      interfaces.push(readInterface(body, order));
      continue;
    }
    if (type !== ENHANCED_PACKET && type !== SIMPLE_PACKET && type !== OBSOLETE_PACKET) continue;
    const fixed = type === SIMPLE_PACKET ? 4 : 20;
    if (body.length < fixed) source.fail('a packet block without all of its header', start);
    const local =
      type === SIMPLE_PACKET
        ? 0
        : type === ENHANCED_PACKET
          ? order.u32(body, 0)
          : order.u16(body, 0);
    const from = interfaces[local];
    if (!from)
      source.fail(`a packet of interface ${local}, which the file does not describe`, start);
    const originalLength = order.u32(body, type === SIMPLE_PACKET ? 0 : 16);
    // A Simple Packet Block has no captured length: it follows from the snap length (draft §4.4).
    const captured =
      type === SIMPLE_PACKET
        ? Math.min(originalLength, from.snapLength || originalLength)
        : order.u32(body, 12);
    if (fixed + captured > body.length) source.fail('a packet longer than its block', start);
    const time =
      type === SIMPLE_PACKET
        ? undefined
        : (BigInt(order.u32(body, 4)) << 32n) | BigInt(order.u32(body, 8));
    const comment =
      type === SIMPLE_PACKET
        ? undefined
        : readOptions(body.subarray(fixed + ((captured + 3) & ~3)), order).get(OPT_COMMENT);
    yield {
      interfaceId: earlier + local,
      ...(from.name === undefined ? {} : { interfaceName: from.name }),
      linkType: from.linkType,
      timestampNs: time === undefined ? 0n : from.toNanoseconds(time),
      data: body.subarray(fixed, fixed + captured),
      originalLength,
      ...(comment === undefined ? {} : { comment: comment.toString('utf8') }),
    };
  }
}

/** Options by code; of a repeated option the first (draft §3.5). */
function readOptions(bytes: Buffer, order: Reader): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const code = order.u16(bytes, at);
    const length = order.u16(bytes, at + 2);
    if (code === 0) break;
    if (!options.has(code)) options.set(code, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + ((length + 3) & ~3);
  }
  return options;
}

function readInterface(body: Buffer, order: Reader): CaptureInterface {
  const options = readOptions(body.subarray(8), order);
  // if_tsresol: 10^-n, or 2^-n with the top bit set; 10^-6 where it is absent (draft §4.2).
  const resolution = options.get(IF_TSRESOL)?.[0] ?? 6;
  const units =
    resolution & 0x80 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution & 0x7f);
  const offset = options.get(IF_TSOFFSET);
  const seconds = offset?.length === 8 ? BigInt.asIntN(64, order.u64(offset, 0)) : 0n;
  const name = options.get(IF_NAME)?.toString('utf8');
  return {
    linkType: order.u16(body, 0),
    snapLength: order.u32(body, 4),
    ...(name === undefined ? {} : { name }),
    toNanoseconds: (time) => (time * 1_000_000_000n) / units + seconds * 1_000_000_000n,
  };
}

export interface CaptureInterfaceOptions {
  /** What Wireshark shows as the interface. */
  readonly name: string;
  /** LINKTYPE_ number; Ethernet where not given. */
  readonly linkType?: number;
}

export interface FrameToWrite {
  /** Index into the interfaces that the file was opened with. */
  readonly interfaceId: number;
  readonly timestampNs: bigint;
  readonly data: Uint8Array;
  /** Bytes that the frame had on the wire; as many as `data` where not given. */
  readonly originalLength?: number;
  /** Shown by Wireshark above the frame (`frame.comment`). UTF-8, up to 65,535 bytes. */
  readonly comment?: string;
}

/**
 * Writes one pcapng file: a section, its interfaces, an Enhanced Packet Block a frame, times in
 * nanoseconds. Writes are synchronous and gathered in 256 KiB; `flush` or `close` writes the rest.
 */
export class PcapngWriter {
  readonly path: string;
  #interfaces = 0;
  #file: number | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  private constructor(path: string, file: number) {
    this.path = path;
    this.#file = file;
  }

  /** Creates the file or replaces it. Throws the errors of `fs.openSync`. */
  static open(path: string, interfaces: readonly CaptureInterfaceOptions[]): PcapngWriter {
    const writer = new PcapngWriter(path, openSync(path, 'w'));
    const section = Buffer.alloc(16);
    section.writeUInt32LE(BYTE_ORDER, 0);
    section.writeUInt16LE(1, 4);
    section.writeBigInt64LE(-1n, 8); // length of the section: not known
    writer.#block(SECTION_HEADER, [section]);
    for (const one of interfaces) writer.addInterface(one);
    writer.flush();
    return writer;
  }

  /** Describes one more interface; returns its `interfaceId`. */
  addInterface({ name, linkType }: CaptureInterfaceOptions): number {
    const description = Buffer.alloc(8); // snap length 0: no limit
    description.writeUInt16LE(linkType ?? LINKTYPE_ETHERNET, 0);
    this.#block(INTERFACE_DESCRIPTION, [
      description,
      option(IF_NAME, Buffer.from(name)),
      option(IF_TSRESOL, Buffer.from([9])),
      option(0, Buffer.alloc(0)),
    ]);
    return this.#interfaces++;
  }

  /** Throws `RangeError` for an interface that the file does not have, `Error` after `close`. */
  write(frame: FrameToWrite): void {
    if (frame.interfaceId < 0 || frame.interfaceId >= this.#interfaces)
      throw new RangeError(
        `${this.path}: interface ${frame.interfaceId} of ${this.#interfaces}: name it in open() or addInterface()`,
      );
    const header = Buffer.alloc(20);
    header.writeUInt32LE(frame.interfaceId, 0);
    header.writeUInt32LE(Number(BigInt.asUintN(32, frame.timestampNs >> 32n)), 4);
    header.writeUInt32LE(Number(BigInt.asUintN(32, frame.timestampNs)), 8);
    header.writeUInt32LE(frame.data.length, 12);
    header.writeUInt32LE(frame.originalLength ?? frame.data.length, 16);
    const parts = [header, padded(Buffer.from(frame.data))];
    if (frame.comment !== undefined) {
      const text = Buffer.from(frame.comment);
      if (text.length > 0xffff)
        throw new RangeError(`${this.path}: a comment of ${text.length} bytes; 65,535 fit`);
      parts.push(option(OPT_COMMENT, text), option(0, Buffer.alloc(0)));
    }
    this.#block(ENHANCED_PACKET, parts);
    if (this.#pendingBytes >= CHUNK) this.flush();
  }

  /** Hands to the operating system what is gathered. */
  flush(): void {
    if (this.#file === undefined) throw new Error(`${this.path}: already closed`);
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }

  /** Idempotent. */
  close(): void {
    if (this.#file === undefined) return;
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
      this.#file = undefined;
    }
  }

  #block(type: number, parts: readonly Buffer[]): void {
    if (this.#file === undefined) throw new Error(`${this.path}: already closed`);
    const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
    const head = Buffer.alloc(8);
    head.writeUInt32LE(type, 0);
    head.writeUInt32LE(length, 4);
    const tail = Buffer.alloc(4);
    tail.writeUInt32LE(length, 0);
    this.#pending.push(head, ...parts, tail);
    this.#pendingBytes += length;
  }
}

/** To a multiple of 4 bytes with zeros (draft §3.1). */
function padded(bytes: Buffer): Buffer {
  const rest = -bytes.length & 3;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(rest)]);
}

function option(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}
