import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildControl,
  type ControlMessage,
  MAX_CONTROL_MESSAGE,
  parseControl,
} from '../../../host/protocol/control.ts';
import { MAX_AGREED, MAX_COPIES } from '../../../host/protocol/control-replication.ts';
import {
  buildReplicationFrame,
  parseReplicationFrame,
} from '../../../host/protocol/replication-frame.ts';

const NAME = 'n'.repeat(32);
const TO = { name: NAME, slot: 255, epoch: 255, ownVid: 0xffff };
const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

/** As long as they can be. */
const REQUESTS: readonly Extract<ControlMessage, { request: unknown }>['request'][] = [
  { type: 'renew', assignment: 2 ** 40 },
  { type: 'copy', role: 'backup', copies: many(MAX_COPIES, [0xffff, 0xffffffff]), to: TO },
  { type: 'yield', vid: 0xffff, term: 0xffffffff, to: TO },
  { type: 'resume', vid: 0xffff },
  {
    ...{ type: 'agreed', name: NAME, role: 'backup' },
    marks: many(MAX_AGREED, [0xffff, 0xffffffff, 0xffffffff, 2 ** 48, 'f'.repeat(16)]),
  },
  {
    type: 'lost',
    name: NAME,
    copies: many(MAX_COPIES, [0xffff, 0xffffffff]),
    why: 'y'.repeat(200),
  },
];

describe('control messages of replication', () => {
  it('fit a datagram when they are as long as they can be, and come back', () => {
    for (const request of REQUESTS) {
      const message: ControlMessage = { v: 1, id: 'i'.repeat(24), request };
      const payload = buildControl(message);
      expect(payload.length).toBeLessThanOrEqual(MAX_CONTROL_MESSAGE);
      expect(parseControl(payload)).toEqual(message);
    }
  });

  it('are refused with the field when they say too much', () => {
    const request = { type: 'copy', role: 'backup', copies: many(MAX_COPIES + 1, [1, 1]) };
    const payload = Buffer.from(JSON.stringify({ v: 1, id: 'a', request }));
    expect(parseControl(payload)).toMatchObject({
      problem: expect.stringMatching(/^request\.copies/),
      id: 'a',
    });
  });
});

describe('a frame of replication', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const place = fc.record({ slot: octet, epoch: octet });

  it('comes back as it was, also with the padding of short frames', () => {
    const datagram = fc.uint8Array({ maxLength: 1456 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(place, place, datagram, fc.nat({ max: 40 }), (from, to, bytes, padding) => {
        const link = { srcMac: '02:76:6c:01:00:01', dstMac: '02:76:6c:01:01:01' };
        const frame = { ...link, from, to, datagram: bytes };
        const built = buildReplicationFrame(frame);
        expect(built.length).toBeLessThanOrEqual(1514);
        expect(parseReplicationFrame(Buffer.concat([built, Buffer.alloc(padding)]))).toEqual(frame);
        if (bytes.length > 0) expect(parseReplicationFrame(built.subarray(0, -1))).toBeUndefined();
      }),
    );
  });
});
