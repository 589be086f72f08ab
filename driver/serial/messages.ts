/** What the frames of the line say: docs/serial.md explains it, hdl/serial.yaml has the layouts. */
import { RECORD_BITS } from '../generated/registers.ts';
import { SERIAL } from '../generated/serial.ts';
import type { HostFrame } from '../transport.ts';

const { requestKind, requestFlag, segment, reportKind, reportKindMask, reportField } = SERIAL;
const DECISION_OCTETS = Math.ceil(RECORD_BITS.decision / 8);
const DECISION_WORDS = Math.ceil(RECORD_BITS.decision / 32);

/** Octets of every request before what it asks for: kind and number. */
export const HEAD_OCTETS = 2;
/** Most words of a segment. */
export const SEGMENT_WORDS = 2 ** segment.count.width;

/** A request, whose number is put in when it is sent. */
export const request = (kind: keyof typeof requestKind, body: Uint8Array, flags = 0): Buffer =>
  Buffer.concat([Buffer.of(requestKind[kind] | flags, 0), body]);

/** The first word of a segment of `count` words from `address` on. */
export function segmentWord(address: number, count: number, write: boolean): number {
  const bits = (write ? 1 << segment.write.bit : 0) | ((count - 1) << segment.count.bit);
  return (address | bits) >>> 0;
}

/** A frame to inject, in parts of at most `most` octets each. `record` is the `inject` record. */
export function injectRequests(record: number, frame: Uint8Array, most: number): Buffer[] {
  const parts: Buffer[] = [];
  const head = Buffer.alloc(2);
  head.writeUInt16LE(record);
  const whole = Buffer.concat([head, frame]);
  for (let at = 0; at < whole.length; at += most) {
    const first = at === 0 ? 1 << requestFlag.first.bit : 0;
    const last = at + most >= whole.length ? 1 << requestFlag.last.bit : 0;
    parts.push(request('inject', whole.subarray(at, at + most), first | last));
  }
  return parts;
}

interface ReportHead {
  /** Of the protocol that the card speaks. */
  readonly version: number;
  /** A request came damaged, or one before it is missing. */
  readonly refused: boolean;
  /** A slot event waits in the card. */
  readonly attention: boolean;
  /** Number of the last request that is done; of a reply, that of its request. */
  readonly done: number;
}

export type Report = ReportHead &
  (
    | { readonly kind: 'ack' }
    | { readonly kind: 'hello'; readonly echo: Buffer }
    | { readonly kind: 'reply'; readonly words: Uint32Array }
    | { readonly kind: 'frame'; readonly number: number; readonly frame: HostFrame }
  );

/** Undefined for what no card says. */
export function parseReport(content: Buffer): Report | undefined {
  const [first, done] = content;
  if (first === undefined || done === undefined) return undefined;
  const field = (name: keyof typeof reportField) =>
    (first >>> reportField[name].bit) & (2 ** reportField[name].width - 1);
  const head: ReportHead = {
    version: field('version'),
    refused: field('refused') === 1,
    attention: field('attention') === 1,
    done,
  };
  const body = content.subarray(2);
  switch (first & reportKindMask) {
    case reportKind.ack:
      return body.length === 0 ? { ...head, kind: 'ack' } : undefined;
    case reportKind.hello:
      return { ...head, kind: 'hello', echo: body };
    case reportKind.reply: {
      if (body.length % 4 !== 0) return undefined;
      const words = new Uint32Array(body.length / 4);
      for (const index of words.keys()) words[index] = body.readUInt32LE(4 * index);
      return { ...head, kind: 'reply', words };
    }
    default: {
      const [number] = body;
      if (number === undefined || body.length < 1 + DECISION_OCTETS) return undefined;
      const record = Buffer.alloc(4 * DECISION_WORDS);
      body.copy(record, 0, 1, 1 + DECISION_OCTETS);
      const decision = Uint32Array.from({ length: DECISION_WORDS }, (_, word) =>
        record.readUInt32LE(4 * word),
      );
      const data = body.subarray(1 + DECISION_OCTETS);
      return { ...head, kind: 'frame', number, frame: { decision, data } };
    }
  }
}
