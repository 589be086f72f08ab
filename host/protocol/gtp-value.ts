/** Values that IEs of GTPv1-C and GTPv2-C have in common. */
import { addressToBytes, bytesToAddress } from './address.ts';
import { checkRange, view } from './bytes.ts';
import { type IeCodec, IllValue, ie } from './gtp-ie.ts';

/** An unsigned number of 1, 2 or 4 bytes, big-endian. */
export function uint(name: string, type: number, bytes: 1 | 2 | 4): IeCodec<number> {
  return ie(
    name,
    type,
    bytes,
    (data) => data.readUIntBE(0, bytes),
    (value) => {
      const data = Buffer.allocUnsafe(bytes);
      data.writeUIntBE(checkRange('value', value, 2 ** (8 * bytes) - 1), 0, bytes);
      return data;
    },
  );
}

/** Bytes that we carry and do not look into. */
export function opaque(name: string, type: number, least = 0): IeCodec<Buffer> {
  return ie(name, type, least, (data) => data, view);
}

/**
 * Digits in TBCD: low half byte first, all ones for none (TS 29.002 §17.7.8). Throws IllValue where
 * a half byte is no digit.
 */
export function readDigits(data: Uint8Array): string {
  let digits = '';
  for (let i = 0; i < 2 * data.length; i++) {
    const byte = data[i >> 1] ?? 0;
    const half = i % 2 === 0 ? byte & 0x0f : byte >> 4;
    if (half === 0x0f) break;
    if (half > 9) throw new IllValue(`half byte ${half.toString(16)} is no digit`);
    digits += half;
  }
  return digits;
}

/** An IMSI has no more than 15 digits (TS 23.003 §2.2). */
export function readImsi(data: Uint8Array): string {
  const imsi = readDigits(data);
  if (imsi.length > 15) throw new IllValue(`IMSI of ${imsi.length} digits; at most 15`);
  return imsi;
}

/** As `readDigits` the other way; filled with ones to `bytes` where that is given. */
export function writeDigits(digits: string, bytes = Math.ceil(digits.length / 2)): Buffer {
  if (!/^\d*$/.test(digits)) throw new RangeError(`"${digits}": digits only`);
  if (digits.length > 2 * bytes) throw new RangeError(`"${digits}": at most ${2 * bytes} digits`);
  const data = Buffer.allocUnsafe(bytes);
  const half = (i: number): number => (i < digits.length ? digits.charCodeAt(i) - 0x30 : 0x0f);
  for (let i = 0; i < bytes; i++) data[i] = half(2 * i) | (half(2 * i + 1) << 4);
  return data;
}

/** A name in labels, each with its length before it (TS 23.003 §9.1, RFC 1035 §3.1). */
export function apn(type: number): IeCodec<string> {
  return ie('Access Point Name', type, 1, readApn, (name) => {
    // Each label's length stands where the dot before it was.
    const data = Buffer.from(`.${name}`, 'latin1');
    if (data.length > 100) throw new RangeError(`"${name}": at most 100 bytes`);
    let at = 0;
    for (const label of name.split('.')) {
      if (label.length < 1 || label.length > 63) {
        throw new RangeError(`"${name}": each label has 1 to 63 characters`);
      }
      data[at] = label.length;
      at += 1 + label.length;
    }
    return data;
  });
}

function readApn(data: Buffer): string {
  const labels: string[] = [];
  for (let at = 0; at < data.length; ) {
    const length = data.readUInt8(at);
    const end = at + 1 + length;
    if (length === 0 || length > 63 || end > data.length) {
      throw new IllValue(`a label of ${length} bytes at ${at} of ${data.length}`);
    }
    labels.push(data.toString('latin1', at + 1, end));
    at = end;
  }
  return labels.join('.');
}

/** 4 or 16 bytes; throws IllValue on others. */
export function readAddress(data: Uint8Array): string {
  if (data.length !== 4 && data.length !== 16) {
    throw new IllValue(`an IP address has 4 or 16 bytes, not ${data.length}`);
  }
  return bytesToAddress(data);
}

/** The bytes of an address of this version. Throws RangeError on the other. */
export function addressBytes(address: string, version: 4 | 6): Buffer {
  const bytes = addressToBytes(address);
  if (bytes.length !== (version === 4 ? 4 : 16)) {
    throw new RangeError(`"${address}" is no IPv${version} address`);
  }
  return bytes;
}

/** `head`, and behind it those addresses that there are. Throws RangeError as `addressBytes`. */
export function withAddresses(
  head: readonly number[],
  ipv4: string | undefined,
  ipv6: string | undefined,
): Buffer {
  const length = head.length + (ipv4 === undefined ? 0 : 4) + (ipv6 === undefined ? 0 : 16);
  const data = Buffer.allocUnsafe(length);
  data.set(head, 0);
  if (ipv4 !== undefined) data.set(addressBytes(ipv4, 4), head.length);
  if (ipv6 !== undefined) data.set(addressBytes(ipv6, 6), length - 16);
  return data;
}

/** Network codes as `262-01` or `310-410`: three digits of country, two or three of network. */
export function readPlmn(data: Uint8Array): string {
  const [a = 0, b = 0, c = 0] = data;
  const digits = [a & 15, a >> 4, b & 15, c & 15, c >> 4, b >> 4];
  const last = digits[5] === 15 ? digits.slice(0, 5) : digits;
  if (last.some((digit) => digit > 9)) throw new IllValue('network codes are digits');
  return `${last.slice(0, 3).join('')}-${last.slice(3).join('')}`;
}

export function writePlmn(plmn: string): Buffer {
  const [, mcc, mnc] = /^(\d{3})-(\d{2,3})$/.exec(plmn) ?? [];
  if (mcc === undefined || mnc === undefined) {
    throw new RangeError(`"${plmn}": write the network as 262-01`);
  }
  const [a, b, c] = mcc;
  const [d, e, f = 'f'] = mnc;
  return Buffer.from(`${b}${a}${f}${c}${e}${d}`, 'hex');
}

/** An extension of somebody's own: their enterprise number and what follows (TS 29.274 §8.67). */
export interface PrivateExtension {
  /** IANA private enterprise number, as far as it fits into 16 bits. */
  readonly enterprise: number;
  readonly value: Buffer;
}

/** The same in both versions. */
export const privateExtension: IeCodec<PrivateExtension> = ie(
  'Private Extension',
  255,
  2,
  (data) => ({ enterprise: data.readUInt16BE(0), value: data.subarray(2) }),
  ({ enterprise, value }) => {
    const data = Buffer.alloc(2);
    data.writeUInt16BE(checkRange('enterprise', enterprise, 0xffff), 0);
    return Buffer.concat([data, value]);
  },
);
