import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultCauseV1, faultCauseV2 } from '../../../host/protocol/gtp-cause.ts';
import type { GtpProblem, MessageDefinition } from '../../../host/protocol/gtp-ie.ts';
import {
  buildGPdu,
  buildGtpuSignal,
  GTPU_MESSAGES,
  parseGtpu,
} from '../../../host/protocol/gtpu.ts';
import {
  buildGtpv1Message,
  GTPV1_MESSAGES,
  type Gtpv1Kind,
  parseGtpv1,
} from '../../../host/protocol/gtpv1.ts';
import { mustBeUnderstood } from '../../../host/protocol/gtpv1-header.ts';
import {
  buildGtpv2,
  GTPV2_MESSAGES,
  type Gtpv2Kind,
  parseGtpv2,
  readGtpv2Header,
} from '../../../host/protocol/gtpv2.ts';
import { chooseTeid, vidOfTeid } from '../../../host/protocol/teid.ts';
import { anyIes } from './gtp-messages.ts';

const hex = (text: string) => Buffer.from(text.replace(/[^0-9a-f]/g, ''), 'hex');

type Parsed = { readonly kind: string };

function problemOf(parsed: Parsed): GtpProblem {
  if (parsed.kind !== 'problem') throw new Error(`it was read as ${parsed.kind}`);
  return parsed as GtpProblem;
}

/** All that must hold of any message of any protocol. */
function describeCodec(
  title: string,
  definitions: Readonly<Record<string, MessageDefinition<never>>>,
  version: 1 | 2,
  build: (kind: string, ies: Record<string, unknown>, teid: number, sequence: number) => Buffer,
  parse: (bytes: Uint8Array) => Parsed,
) {
  describe(title, () => {
    const messages = fc.constantFrom(...Object.keys(definitions)).chain((kind) =>
      fc.record({
        kind: fc.constant(kind),
        ies: anyIes(definitions[kind] as never, version),
        teid: fc.integer({ min: 0, max: 0xffffffff }),
        sequence: fc.integer({ min: 0, max: 0xffff }),
      }),
    );

    it('reads what it wrote', () => {
      const kinds = new Set<string>();
      fc.assert(
        fc.property(messages, ({ kind, ies, teid, sequence }) => {
          kinds.add(kind);
          const message = parse(build(kind, ies, teid, sequence));
          expect(message).toMatchObject({ kind, teid, sequence, unknown: [] });
          expect((message as never as { ies: unknown }).ies).toEqual(ies);
        }),
        { numRuns: 600 },
      );
      expect([...kinds].sort()).toEqual(Object.keys(definitions).sort());
    });

    it('refuses every truncation in words that say where', () => {
      fc.assert(
        fc.property(messages, ({ kind, ies, teid, sequence }) => {
          const whole = build(kind, ies, teid, sequence);
          for (let length = 0; length < whole.length; length++) {
            const problem = problemOf(parse(whole.subarray(0, length)));
            expect(problem.text).toMatch(/\(offset \d+\)$/);
          }
        }),
        { numRuns: 30 },
      );
    });

    it('never throws, whatever the bytes', () => {
      fc.assert(
        fc.property(
          messages,
          fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { minLength: 1 }),
          ({ kind, ies, teid, sequence }, changes) => {
            const bytes = build(kind, ies, teid, sequence);
            for (const [at, value] of changes) bytes[at % bytes.length] = value;
            expect(typeof parse(bytes).kind).toBe('string');
          },
        ),
        { numRuns: 1000 },
      );
      fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof parse(bytes).kind === 'string'));
    });
  });
}

describeCodec(
  'GTPv1-C',
  GTPV1_MESSAGES as never,
  1,
  (kind, ies, teid, sequence) =>
    buildGtpv1Message(kind as Gtpv1Kind, { teid, sequence }, ies as never),
  parseGtpv1,
);
describeCodec(
  'GTPv2-C',
  GTPV2_MESSAGES as never,
  2,
  (kind, ies, teid, sequence) => buildGtpv2(kind as Gtpv2Kind, { teid, sequence }, ies as never),
  parseGtpv2,
);
describeCodec(
  'GTP-U',
  GTPU_MESSAGES as never,
  1,
  (kind, ies, teid, sequence) =>
    buildGtpuSignal(kind as keyof typeof GTPU_MESSAGES, { teid, sequence }, ies as never),
  parseGtpu,
);

describe('G-PDU', () => {
  it('is 8 bytes and the packet (TS 29.281 §5.1)', () => {
    const bytes = buildGPdu(0x00050007, hex('45 00'));
    expect(bytes).toEqual(hex('30 ff 0002 00050007 4500'));
    expect(parseGtpu(bytes)).toMatchObject({ kind: 'gPdu', teid: 0x50007, packet: hex('4500') });
  });

  it('carries sequence number, N-PDU number and extension headers, which are read past', () => {
    const session = { type: 0x85, content: hex('10 09') };
    const udp = { type: 0x40, content: hex('0868 0000 0000') };
    const bytes = buildGPdu(1, hex('60'), { sequence: 7, nPdu: 9, extensions: [session, udp] });
    expect(bytes).toEqual(hex('37 ff 0011 00000001 0007 09 85 01 1009 40 02 086800000000 00 60'));
    expect(parseGtpu(bytes)).toMatchObject({
      ...{ sequence: 7, nPdu: 9, extensions: [session, udp], packet: hex('60') },
    });
    expect([session, udp].map(mustBeUnderstood)).toEqual([true, false]);
  });

  it('leaves out what the length leaves out, and refuses what it promises in vain', () => {
    expect(parseGtpu(hex('30 ff 0001 00000001 45 0000'))).toMatchObject({ packet: hex('45') });
    expect(problemOf(parseGtpu(hex('30 ff 0003 00000001 45'))).text).toBe(
      'GTPv1 message 255: length 3, but 1 bytes came (offset 2)',
    );
    const chain = problemOf(parseGtpu(hex('34 ff 0008 00000001 0000 00 85 02 0000 00')));
    expect(chain).toMatchObject({ fault: 'header', offset: 12 });
    const forever = problemOf(parseGtpu(hex('34 ff 0008 00000001 0000 00 85 00 0000 85')));
    expect(forever).toMatchObject({ fault: 'header', offset: 12 });
  });
});

describe('faults of a request', () => {
  const create = hex(
    `32 10 0031 00000000 0009 00 00
     10 00000001 11 00000002 14 05
     85 0004 c0000201 85 0004 c0000202 87 0004 00000000 ff 0002 0a0b`,
  );
  create.writeUInt16BE(create.length - 8, 2);
  const without = (from: number, to: number) => {
    const bytes = Buffer.concat([create.subarray(0, from), create.subarray(to)]);
    bytes.writeUInt16BE(bytes.length - 8, 2);
    return bytes;
  };

  it('names message, IE and offset of what is missing (TS 29.060 §11.1.6)', () => {
    expect(parseGtpv1(create)).toMatchObject({ kind: 'createRequest', sequence: 9 });
    const nsapi = problemOf(parseGtpv1(without(22, 24)));
    expect(nsapi).toMatchObject({
      fault: 'missing',
      header: { type: 16, teid: 0, sequence: 9 },
      ie: { type: 20, instance: 0 },
    });
    expect(nsapi.text).toBe(
      'Create PDP Context Request: NSAPI (type 20, instance 0) is missing (offset 48)',
    );
    // The second GSN address is for the user plane.
    expect(problemOf(parseGtpv1(without(24, 31)))).toMatchObject({
      fault: 'missing',
      ie: { type: 133, instance: 1 },
    });
    expect(faultCauseV1('missing')).toBe(202);
  });

  it('cannot skip an IE whose length it does not know', () => {
    const bytes = Buffer.from(create);
    bytes[22] = 0x60;
    const problem = problemOf(parseGtpv1(bytes));
    expect(problem).toMatchObject({ fault: 'unknown_ie', ie: { type: 0x60 }, offset: 22 });
    expect(faultCauseV1(problem.fault)).toBe(193);
  });

  it('keeps unknown IEs that say their length', () => {
    const bytes = Buffer.from(create);
    bytes[bytes.length - 5] = 0xb7; // a TLV IE of a later release instead of the extension
    expect(parseGtpv1(bytes)).toMatchObject({ unknown: [{ type: 0xb7, data: hex('0a0b') }] });
  });

  const v2 = (ies: string) => {
    const bytes = hex(`48 24 0000 00050001 000003 00 ${ies}`);
    bytes.writeUInt16BE(bytes.length - 4, 2);
    return parseGtpv2(bytes);
  };

  it('reads an optional IE that means nothing as if it were not there (TS 29.274 §7.7.8)', () => {
    expect(v2('49 0001 00 05')).toMatchObject({ ies: { linkedBearerId: 5 } });
    const short = v2('49 0000 00');
    expect(short.kind).toBe('deleteSessionRequest');
    expect((short as { ies: object }).ies).not.toHaveProperty('linkedBearerId');
    // The first of two counts (§7.7.10); other instances are other IEs.
    expect(v2('49 0001 00 05 49 0001 00 06 49 0001 01 07')).toMatchObject({
      ies: { linkedBearerId: 5 },
      unknown: [{ type: 73, instance: 1 }],
    });
    // More bytes than are known come from a later release.
    expect(v2('49 0003 00 05ffff')).toMatchObject({ ies: { linkedBearerId: 5 } });
  });

  it('says which IE of which bearer is at fault', () => {
    const bytes = hex('48 60 0000 00050001 000003 00 02 0002 00 1000 5d 0005 00 49 0001 00 05');
    bytes.writeUInt16BE(bytes.length - 4, 2);
    const problem = problemOf(parseGtpv2(bytes));
    expect(problem.text).toBe(
      'Create Bearer Response: Bearer Context created: Cause (type 2, instance 0) is missing (offset 27)',
    );
    expect(problem.ie).toEqual({ type: 2, instance: 0 });
    expect(faultCauseV2(problem.fault)).toBe(70);
  });

  it('knows other versions and messages as such', () => {
    expect(problemOf(parseGtpv1(hex('12 10 0000 00000000')))).toMatchObject({ fault: 'version' });
    expect(problemOf(parseGtpv2(hex('68 10 0000 00000000')))).toMatchObject({ fault: 'version' });
    expect(problemOf(parseGtpv2(hex('48 21 0000 00000000')))).toMatchObject({ fault: 'header' });
    expect(problemOf(parseGtpv2(hex('48 e0 0008 00000001 000102 00')))).toMatchObject({
      fault: 'unknown_message',
      header: { type: 0xe0, teid: 1, sequence: 0x102 },
    });
  });
});

describe('GTPv2-C', () => {
  it('shows the message that rides on another (TS 29.274 §5.5.1)', () => {
    const first = buildGtpv2('echoRequest', { teid: undefined, sequence: 1 }, { recovery: 3 });
    const second = buildGtpv2('echoResponse', { teid: undefined, sequence: 2 }, { recovery: 4 });
    first[0] = (first[0] ?? 0) | 0x10;
    const { piggybacked } = readGtpv2Header(Buffer.concat([first, second]));
    expect(piggybacked && parseGtpv2(piggybacked)).toMatchObject({ kind: 'echoResponse' });
    expect(readGtpv2Header(first).piggybacked).toBeUndefined();
  });
});

describe('TEIDs', () => {
  it('carry the VID above, and are never 0', () => {
    for (const vid of [0, 1, 0xffff]) {
      const taken = new Set<number>();
      for (let i = 0; i < 300; i++) {
        const teid = chooseTeid(vid, (other) => taken.has(other)) as number;
        expect(vidOfTeid(teid)).toBe(vid);
        expect(taken.has(teid)).toBe(false);
        taken.add(teid);
      }
      expect(taken.has(0)).toBe(false);
      // They do not follow each other.
      const sorted = [...taken].sort((a, b) => a - b);
      expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThan(30_000);
    }
  });

  it('end where all of a VID are given out', () => {
    const free = 0x00030004;
    expect(chooseTeid(3, (teid) => teid !== free)).toBe(free);
    expect(chooseTeid(3, () => true)).toBeUndefined();
    expect(chooseTeid(0, (teid) => teid !== 0)).toBeUndefined();
  });
});
