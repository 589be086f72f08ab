import { describe, expect, it } from 'vitest';
import { buildControl, MAX_LEAVING } from '../../../host/protocol/control.ts';
import { readSubscriber } from '../../../host/protocol/gtp-subscriber.ts';
import { buildGtpv1Message, parseGtpv1 } from '../../../host/protocol/gtpv1.ts';
import { buildGtpv2, parseGtpv2 } from '../../../host/protocol/gtpv2.ts';

const IMSI = '262011234567890';
const v1 = (imsi: string | undefined) =>
  buildGtpv1Message(
    'createRequest',
    { teid: 0, sequence: 1 },
    {
      ...(imsi === undefined ? {} : { imsi }),
      ...{ teidData: 1, teidControl: 0x12, nsapi: 5, apn: 'internet' },
      endUserAddress: { type: 'ipv4' },
      ...{ controlAddress: '198.51.100.7', userAddress: '198.51.100.8' },
      quality: Buffer.from('0123631f93967474fbffff00', 'hex'),
    },
  );
const v2 = (imsi: string | undefined, ends: { ipv4?: string; ipv6?: string }) =>
  buildGtpv2(
    'createSessionRequest',
    { teid: 0, sequence: 1 },
    {
      ...(imsi === undefined ? {} : { imsi }),
      ...{ ratType: 6, apn: 'internet' },
      senderControl: { interfaceType: 6, teid: 0xfffffffe, ...ends },
      bearers: [{ id: 5, quality: Buffer.alloc(22) }],
    },
  );

describe('whose session a set-up asks for', () => {
  it('is told by IMSI and bearer, the same in both versions', () => {
    const user = `${IMSI} 5`;
    expect(readSubscriber(1, v1(IMSI))).toEqual({ user, address: '198.51.100.7', teid: 0x12 });
    expect(readSubscriber(2, v2(IMSI, { ipv4: '198.51.100.9' }))).toEqual({
      ...{ user, address: '198.51.100.9', teid: 0xfffffffe },
    });
    expect(readSubscriber(2, v2(IMSI, { ipv6: '2001:db8::1' }))?.address).toBe('2001:db8::1');
  });

  it('is nobody’s without an IMSI, and where nothing can be read', () => {
    expect(readSubscriber(1, v1(undefined))).toBeUndefined();
    expect(readSubscriber(2, v2(undefined, { ipv4: '198.51.100.9' }))).toBeUndefined();
    const bytes = v2(IMSI, { ipv4: '198.51.100.9' });
    for (let length = 0; length < bytes.length; length++)
      expect(readSubscriber(2, bytes.subarray(0, length))).toBeUndefined();
  });

  it('an IMSI of more than 15 digits is none', () => {
    const long = '2620112345678901';
    // An optional element that is ill is as one that is not there.
    for (const message of [parseGtpv1(v1(long)), parseGtpv2(v2(long, { ipv4: '198.51.100.9' }))]) {
      expect(message.kind).toMatch(/^create/);
      expect('ies' in message && 'imsi' in message.ies && message.ies.imsi).toBeFalsy();
    }
    expect(readSubscriber(1, v1(long))).toBeUndefined();
    expect(readSubscriber(2, v2(long, { ipv4: '198.51.100.9' }))).toBeUndefined();
  });

  it('as many users as one message names fit into it, whatever their addresses', () => {
    const address = '2001:0db8:ffff:ffff:ffff:ffff:ffff:ffff';
    const leaver = { user: `${IMSI} 15`, at: 63, address, teid: 0xffffffff };
    const users = Array.from({ length: MAX_LEAVING }, () => leaver);
    const request = { type: 'leave', service: 's'.repeat(32), users } as const;
    const message = buildControl({ v: 1, id: 'abcdef01.63.1234567890', request });
    expect(message.length).toBeGreaterThan(1000);
  });
});
