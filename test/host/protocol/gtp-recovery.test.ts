import { describe, expect, it } from 'vitest';
import { hasRestarted, readRecovery } from '../../../host/protocol/gtp-recovery.ts';
import { buildGtpv1Message } from '../../../host/protocol/gtpv1.ts';
import { buildGtpv2 } from '../../../host/protocol/gtpv2.ts';

const QUALITY = Buffer.from('0123631f93967474fbffff00', 'hex');

const create = (recovery: number | undefined) =>
  buildGtpv1Message(
    'createRequest',
    { teid: 0, sequence: 1 },
    {
      ...{ nsapi: 5, teidData: 1, teidControl: 2, quality: QUALITY, recovery },
      ...{ controlAddress: '198.51.100.9', userAddress: '198.51.100.10' },
    },
  );

const modify = (recovery: number | undefined, ipv6?: string) =>
  buildGtpv2(
    'modifyBearerRequest',
    { teid: 7, sequence: 1 },
    {
      ...{ bearers: [], bearersToRemove: [], recovery },
      ...(ipv6 === undefined ? {} : { senderControl: { interfaceType: 6, teid: 1, ipv6 } }),
    },
  );

describe('what a message says of restarts', () => {
  it('is the counter, and the address for control that it belongs to', () => {
    expect(readRecovery(1, create(200))).toEqual({ address: '198.51.100.9', restart: 200 });
    expect(readRecovery(1, create(undefined))).toEqual({
      ...{ address: '198.51.100.9', restart: undefined },
    });
    expect(readRecovery(2, modify(3, '2001:db8::1'))).toEqual({
      ...{ address: '2001:db8::1', restart: 3 },
    });
    const echo = buildGtpv2('echoRequest', { teid: undefined, sequence: 1 }, { recovery: 9 });
    expect(readRecovery(2, echo)).toEqual({ address: undefined, restart: 9 });
  });

  it('is nothing where the message breaks off', () => {
    for (const [version, bytes] of [
      [1, create(200)],
      [2, modify(3, '2001:db8::1')],
    ] as const) {
      for (let length = 0; length < bytes.length; length++) {
        expect(readRecovery(version, bytes.subarray(0, length))).toBeUndefined();
      }
    }
  });

  it('a later start is up to 127 ahead, modulo 256', () => {
    const ahead = Array.from({ length: 256 }, (_, n) => hasRestarted(250, (250 + n) & 0xff));
    expect(ahead.flatMap((is, n) => (is ? [n] : []))).toEqual(
      Array.from({ length: 127 }, (_, n) => n + 1),
    );
  });
});
