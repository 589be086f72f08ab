import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressToBytes,
  bigIntToMac,
  bytesToAddress,
  bytesToMac,
  canonicalAddress,
  ipVersion,
  isGroupMac,
  macToBigInt,
  macToBytes,
  multicastMac,
} from '../../../host/protocol/address.ts';

describe('MAC addresses', () => {
  it('are six octets in the order of the wire', () => {
    expect([...macToBytes('02:00:5E:10:00:ff')]).toEqual([2, 0, 0x5e, 0x10, 0, 255]);
    expect(bytesToMac(Buffer.from('0002005e1000ff', 'hex'), 1)).toBe('02:00:5e:10:00:ff');
    expect(macToBigInt('02:00:5e:10:00:ff')).toBe(0x02005e1000ffn);
    expect(bigIntToMac(0x02005e1000ffn)).toBe('02:00:5e:10:00:ff');
  });

  it('are told from other text', () => {
    for (const text of ['', '02:00:5e:10:00', '02:00:5e:10:00:fg', '02:00:5e:10:00:ff:00']) {
      expect(() => macToBytes(text)).toThrow(/is no MAC address; write six octets/);
    }
    expect(() => bytesToMac(Buffer.alloc(7), 2)).toThrow(/no MAC address at 2: 7 bytes/);
  });

  it('are group addresses by their first bit on the wire', () => {
    expect(isGroupMac('01:00:5e:00:00:01')).toBe(true);
    expect(isGroupMac('02:00:5e:00:00:01')).toBe(false);
  });

  it('stand for multicast groups', () => {
    expect(multicastMac('224.128.1.2')).toBe('01:00:5e:00:01:02');
    expect(multicastMac('ff02::1:ff12:3456')).toBe('33:33:ff:12:34:56');
  });
});

describe('IP addresses', () => {
  // RFC 5952 §4 and §5.
  it.each([
    ['2001:db8::1', '20010db8000000000000000000000001', '2001:db8::1'],
    ['2001:DB8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['::', '00000000000000000000000000000000', '::'],
    ['1::', '00010000000000000000000000000000', '1::'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201', '::ffff:c000:201'],
    ['192.0.2.1', 'c0000201', '192.0.2.1'],
  ])('%s', (text, hex, canonical) => {
    expect(addressToBytes(text).toString('hex')).toBe(hex);
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it('come back from any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc
        .array(fc.constantFrom(0, 1), { minLength: 16, maxLength: 16 })
        .map((values) => Uint8Array.from(values)),
    );
    fc.assert(
      fc.property(bytes, (value) => {
        const text = bytesToAddress(value);
        expect(ipVersion(text)).toBe(value.length === 4 ? 4 : 6);
        expect(value.length === 4 || isIPv6(text)).toBe(true);
        expect([...addressToBytes(text)]).toEqual([...value]);
      }),
    );
  });

  it('are told from other text', () => {
    for (const text of ['', '192.0.2', '192.0.2.256', '2001:db8::1::', 'fe80::1%eth0', 'sip']) {
      expect(() => addressToBytes(text)).toThrow(/is no IP address/);
    }
    expect(() => bytesToAddress(Buffer.alloc(5))).toThrow(/4 or 16 bytes, not 5/);
  });
});
