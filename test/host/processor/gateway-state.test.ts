/** What a gateway knows of users, as entries and as addresses. */
import { describe, expect, it } from 'vitest';
import {
  readSession,
  type Session,
  writeSession,
} from '../../../host/processor/gateway-session.ts';
import { UserAddresses } from '../../../host/processor/user-addresses.ts';

const FOUR = { prefix: '100.64.0.0/10', vidEnd: 26 };
const SIX = { prefix: '2001:db8::/32', vidEnd: 48 };

describe('a session as an entry', () => {
  it('reads what it wrote, and refuses another form in words', () => {
    const session: Session = {
      version: 2,
      ...{ teid: 0x00030004, apn: 'internet', imsi: undefined, chargingId: 7 },
      ...{ peer: { address: '198.51.100.7', teid: 1 }, ipv4: '100.64.0.193', ipv6: undefined },
      bearers: [
        {
          id: 5,
          teid: 0x00030005,
          peer: { address: '198.51.100.8', teid: 2 },
          quality: Buffer.of(1, 2),
        },
        {
          ...{ id: 6, teid: 0x00030006, peer: undefined, quality: Buffer.alloc(0) },
          match: { protocol: 17, remotePort: 5060 },
        },
      ],
    };
    expect(readSession('00030004', writeSession(session))).toEqual(session);
    expect(() => readSession('00030004', Buffer.from('[2]'))).toThrow(/has form 2/);
  });
});

describe("users' addresses", () => {
  it('carry the VID where the service reads it, and give it back', () => {
    const four = new UserAddresses(FOUR);
    const six = new UserAddresses(SIX);
    expect([four.perVid, six.perVid]).toEqual([64, 65_536]);
    expect(four.address(5, 1)).toBe('100.64.1.65');
    expect(six.address(0x1234, 0xff)).toBe('2001:db8:1234:ff::');
    expect(four.vidOf(Buffer.from([100, 127, 255, 255]))).toBe(0xffff);
    expect(four.vidOf(Buffer.from([100, 128, 0, 0]))).toBeUndefined();
    expect(four.choose(5, 63, (address) => address === '100.64.1.127')).toEqual({
      ...{ address: '100.64.1.64', next: 1 },
    });
    expect(four.choose(5, 0, () => true)).toBeUndefined();
    expect(() => new UserAddresses({ prefix: '10.0.0.0/26', vidEnd: 26 })).toThrow(/VID ends/);
  });
});
