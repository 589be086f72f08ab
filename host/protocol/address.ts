/** MAC and IP addresses: text to bytes and back. Text is canonical, so that it can be compared. */
import { isIPv4, isIPv6 } from 'node:net';

export const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';

/**
 * What was worked out of addresses: the same ones come with every packet. Bounded, since anybody can make up
 * addresses; when it is full it begins anew.
 */
class Known<K, V> {
  readonly #values = new Map<K, V>();
  readonly #make: (key: K) => V;

  constructor(make: (key: K) => V) {
    this.#make = make;
  }

  get(key: K): V {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const made = this.#make(key);
    if (this.#values.size >= MOST_KNOWN) this.#values.clear();
    this.#values.set(key, made);
    return made;
  }
}

const MOST_KNOWN = 4096;

/** Each octet as text. */
const OCTETS = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));
const MAC = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;

/**
 * `02:00:00:00:00:01` (or with dashes) to 6 bytes, which are not the caller's to write to; throws on any
 * other text.
 */
export function macToBytes(mac: string): Buffer {
  return macBytes.get(mac);
}

const macBytes = new Known((mac: string): Buffer => {
  if (!MAC.test(mac)) {
    throw new RangeError(`"${mac}" is no MAC address; write six octets, as 02:00:00:00:00:01`);
  }
  const bytes = Buffer.alloc(6); // of its own: it is kept, and would keep a pool
  for (let i = 0; i < 6; i++) {
    bytes[i] = (halfByte(mac, 3 * i) << 4) | halfByte(mac, 3 * i + 1);
  }
  return bytes;
});

/** Of a hexadecimal digit. */
function halfByte(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code & 0x0f) + (code > 0x39 ? 9 : 0); // behind '9' come letters, of either case
}

/** The 6 bytes at `offset` as lower-case text with colons. */
export function bytesToMac(bytes: Uint8Array, offset = 0): string {
  if (offset + 6 > bytes.length) {
    throw new RangeError(`no MAC address at ${offset}: ${bytes.length} bytes`);
  }
  return macText.get(2 ** 24 * bits24(bytes, offset) + bits24(bytes, offset + 3));
}

const macText = new Known((mac: number): string => {
  let text = '';
  for (let i = 5; i >= 0; i--)
    text += `${OCTETS[Math.floor(mac / 256 ** i) & 0xff]}${i > 0 ? ':' : ''}`;
  return text;
});

function bits24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

/** 48 bits as the card's tables hold them: the first octet in the most significant bits. */
export function macToBigInt(mac: string): bigint {
  return BigInt(`0x${macToBytes(mac).toString('hex')}`);
}

/** The reverse of `macToBigInt`. */
export function bigIntToMac(value: bigint): string {
  return bytesToMac(Buffer.from(value.toString(16).padStart(12, '0'), 'hex'));
}

/** The I/G bit (IEEE 802-2014 §8.2.2): group addresses are multicast and broadcast. */
export function isGroupMac(mac: string): boolean {
  return ((macToBytes(mac)[0] ?? 0) & 1) === 1;
}

/** 4 or 6 by the form of the text; throws where it is neither. */
export function ipVersion(address: string): 4 | 6 {
  if (isIPv4(address)) return 4;
  // A zone (fe80::1%eth0) names an interface of one machine; it has no bytes.
  if (isIPv6(address) && !address.includes('%')) return 6;
  throw new RangeError(`"${address}" is no IP address; write 192.0.2.1 or 2001:db8::1`);
}

/**
 * 4 bytes for an IPv4 address, 16 for an IPv6 address, which are not the caller's to write to; throws on any
 * other text.
 */
export function addressToBytes(address: string): Buffer {
  return addressBytes.get(address);
}

const addressBytes = new Known((address: string): Buffer => {
  if (ipVersion(address) === 4) return ipv4ToBytes(address);
  let text = address;
  const dotted = /[^:]+\.[^:]+$/.exec(text)?.[0];
  if (dotted !== undefined) {
    const hex = addressToBytes(dotted).toString('hex');
    text = `${text.slice(0, -dotted.length)}${hex.slice(0, 4)}:${hex.slice(4)}`;
  }
  const [head = '', tail] = text.split('::');
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(8 - first.length - last.length).fill(0);
  const bytes = Buffer.alloc(16);
  for (const [i, group] of [...first, ...middle, ...last].entries()) {
    bytes.writeUInt16BE(group, i * 2);
  }
  return bytes;
});

/** Of what is known to be one. */
function ipv4ToBytes(address: string): Buffer {
  const bytes = Buffer.alloc(4);
  let [at, octet] = [0, 0];
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code !== 0x2e) {
      octet = 10 * octet + code - 0x30;
      continue;
    }
    bytes[at++] = octet;
    octet = 0;
  }
  bytes[at] = octet;
  return bytes;
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** 4 bytes as dotted decimal, 16 bytes as IPv6 text in the form of RFC 5952; throws else. */
export function bytesToAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return ipv4Text.get(bits24(bytes, 1) + 2 ** 24 * (bytes[0] ?? 0));
  if (bytes.length !== 16) {
    throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  }
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  const start = longestZeroRun(words);
  const end = start + zeroRun(words, start);
  if (end - start < 2) return hexGroups(words, 0, 8); // RFC 5952 §4.2.2: one group is not shortened
  return `${hexGroups(words, 0, start)}::${hexGroups(words, end, 8)}`;
}

const ipv4Text = new Known(
  (address: number): string =>
    `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`,
);

function hexGroups(words: readonly number[], from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += `${i === from ? '' : ':'}${(words[i] ?? 0).toString(16)}`;
  return text;
}

/** Where it begins; the first of equals (RFC 5952 §4.2.3). */
function longestZeroRun(words: readonly number[]): number {
  let best = 0;
  for (let start = 1; start < words.length; start++) {
    if (zeroRun(words, start) > zeroRun(words, best)) best = start;
  }
  return best;
}

function zeroRun(words: readonly number[], start: number): number {
  let length = 0;
  while (words[start + length] === 0) length++;
  return length;
}

/** An address in its canonical text; throws where it is none. */
export function canonicalAddress(address: string): string {
  if (isIPv4(address)) return address; // it has one form only
  return bytesToAddress(addressToBytes(address));
}

/** Group address of a MAC for an IP multicast address (RFC 1112 §6.4, RFC 2464 §7). */
export function multicastMac(address: string): string {
  const bytes = addressToBytes(address);
  if (bytes.length === 16) {
    return bytesToMac(Buffer.concat([Buffer.of(0x33, 0x33), bytes.subarray(12)]));
  }
  return bytesToMac(
    Buffer.of(0x01, 0x00, 0x5e, (bytes[1] ?? 0) & 0x7f, bytes[2] ?? 0, bytes[3] ?? 0),
  );
}
