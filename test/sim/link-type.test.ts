import { describe, expect, it } from 'vitest';
import { ETHERNET_FROM, ethernetOf, linkTypeName } from '../../sim/link-type.ts';

const IPV4 = '4500001400000000401100000a0000010a000002';
const of = (linkType: number, hex: string) =>
  ethernetOf({
    interfaceId: 0,
    timestampNs: 0n,
    linkType,
    data: Buffer.from(hex, 'hex'),
    originalLength: hex.length / 2,
  })?.toString('hex');

describe('the Ethernet frame of a captured packet', () => {
  it.each([
    ['ETHERNET', 1, `0102030405060708090a0b0c0800${IPV4}`, `0102030405060708090a0b0c0800${IPV4}`],
    // Packet type, ARPHRD 1, length 6, address and two bytes of padding, protocol.
    ['LINUX_SLL', 113, `0000000100060708090a0b0c00000800${IPV4}`, `0708090a0b0c0800${IPV4}`],
    // Protocol, reserved, interface 3, ARPHRD 1, packet type, length 6, address and padding.
    [
      'LINUX_SLL2',
      276,
      `08000000000000030001${'0006'}0708090a0b0c0000${IPV4}`,
      `0708090a0b0c0800${IPV4}`,
    ],
    ['RAW, IPv4', 101, IPV4, `0000000000000800${IPV4}`],
    ['RAW, IPv6', 101, '6000', '00000000000086dd6000'],
    ['IPV4', 228, IPV4, `0000000000000800${IPV4}`],
    ['IPV6', 229, '6000', '00000000000086dd6000'],
  ])('%s', (name, type, data, expected) => {
    expect(of(type, data)).toBe(name === 'ETHERNET' ? expected : `000000000000${expected}`);
  });

  it('is nothing where the data ends inside the header of the capture', () => {
    expect(of(113, '00000001')).toBe('');
    expect(of(276, '00000001')).toBe('');
    expect(of(101, '')).toBe('');
  });

  it('is not there for what is not read, which has a name', () => {
    expect(of(105, IPV4)).toBeUndefined();
    expect([105, 1, 9999].map(linkTypeName)).toEqual(['IEEE802_11', 'ETHERNET', 'type 9999']);
    expect(ETHERNET_FROM).toMatch(/^ETHERNET \(1\), LINUX_SLL \(113\)/);
  });
});
