/**
 * Information elements of GTPv1-C and GTP-U (TS 29.060 §7.7, TS 29.281 §8). Those with a type below 128
 * have a length of their own that one must know (TV); the others say it (TLV).
 */
import { bytesToAddress } from './address.ts';
import { checkRange } from './bytes.ts';
import { GtpError, IllValue, ie, type RawIe } from './gtp-ie.ts';
import {
  addressBytes,
  apn,
  opaque,
  privateExtension,
  readAddress,
  readDigits,
  readImsi,
  uint,
  withAddresses,
  writeDigits,
} from './gtp-value.ts';

/** Bytes of each TV IE (TS 29.060 table 37); one that is not here cannot be skipped. */
const FIXED: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 8, 3: 6, 4: 4, 5: 4, 8: 1, 9: 28, 11: 1, 12: 3, 13: 1, 14: 1, 15: 1, 16: 4 },
  ...{ 17: 4, 18: 5, 19: 1, 20: 1, 21: 1, 22: 9, 23: 1, 24: 1, 25: 2, 26: 2, 27: 2, 28: 2 },
  ...{ 29: 1, 127: 4 },
};
const FIRST_TLV = 128;
/** The one whose length has a single byte (TS 29.281 §8.5). */
const EXTENSION_HEADER_TYPES = 141;

/** How often each type stood in the message that is being read. */
const SEEN = new Uint32Array(0x100);

/** Splits a message's body. `base` is where it begins in the message. Throws GtpError. */
export function readIesV1(message: string, body: Buffer, base: number): RawIe[] {
  const ies: RawIe[] = [];
  SEEN.fill(0);
  for (let at = 0; at < body.length; ) {
    const type = body.readUInt8(at);
    const head = headOf(type);
    const length = lengthOf(message, body, at, type, base);
    const end = at + head + length;
    if (end > body.length) {
      const text = `${message}: IE ${type} of ${length} bytes ends behind the message`;
      throw new GtpError('length', base + at, text, { type, instance: 0 });
    }
    const instance = SEEN[type] ?? 0;
    SEEN[type] = instance + 1;
    ies.push({ type, instance, data: body.subarray(at + head, end), offset: base + at + head });
    at = end;
  }
  return ies;
}

/** Bytes of type and length. */
function headOf(type: number): 1 | 2 | 3 {
  if (type < FIRST_TLV) return 1;
  return type === EXTENSION_HEADER_TYPES ? 2 : 3;
}

function lengthOf(message: string, body: Buffer, at: number, type: number, base: number): number {
  if (type < FIRST_TLV) {
    const length = FIXED[type];
    if (length !== undefined) return length;
    const text = `${message}: IE ${type} is unknown, and so is its length`;
    throw new GtpError('unknown_ie', base + at, text, { type, instance: 0 });
  }
  const head = headOf(type);
  if (at + head > body.length) {
    const text = `${message}: the message ends within the length of IE ${type}`;
    throw new GtpError('length', base + at, text, { type, instance: 0 });
  }
  return head === 2 ? body.readUInt8(at + 1) : body.readUInt16BE(at + 1);
}

/** IEs stand in the order of their types (TS 29.060 §7.7). */
export function writeIesV1(ies: readonly RawIe[]): Buffer {
  const sorted = [...ies].sort((a, b) => a.type - b.type);
  let length = 0;
  for (const { type, data } of sorted) length += headOf(type) + data.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { type, data } of sorted) {
    const head = headOf(type);
    at = bytes.writeUInt8(type, at);
    if (head === 3) {
      if (data.length > 0xffff) checkRange(`length of IE ${type}`, data.length, 0xffff);
      at = bytes.writeUInt16BE(data.length, at);
    } else if (head === 2) {
      at = bytes.writeUInt8(checkRange('number of types', data.length, 0xff), at);
    } else if (data.length !== FIXED[type]) {
      throw new RangeError(`IE ${type}: ${data.length} bytes, it has ${FIXED[type]}`);
    }
    bytes.set(data, at);
    at += data.length;
  }
  return bytes;
}

/** What a user is given or asks for (TS 29.060 §7.7.27). */
export interface EndUserAddress {
  readonly type: 'ipv4' | 'ipv6' | 'ipv4v6';
  /** Left out: the network is to choose. */
  readonly ipv4?: string | undefined;
  /** A prefix of 64 bits and an interface identifier (TS 29.061 §11.2.1.3). */
  readonly ipv6?: string | undefined;
}

/** PDP type organisation IETF, and its numbers. */
const IETF = 1;
const PDP_TYPES = { 33: 'ipv4', 87: 'ipv6', 141: 'ipv4v6' } as const;
const PDP_NUMBERS = { ipv4: 33, ipv6: 87, ipv4v6: 141 } as const;

function readEndUserAddress(data: Buffer): EndUserAddress {
  const number = data.readUInt8(1) as keyof typeof PDP_TYPES;
  const type = PDP_TYPES[number];
  if ((data.readUInt8(0) & 0x0f) !== IETF || type === undefined) {
    throw new IllValue(`PDP type 0x${data.toString('hex', 0, 2)} is not IP`);
  }
  const rest = data.subarray(2);
  const v4 = type !== 'ipv6' && (rest.length === 4 || rest.length === 20);
  const v6 = type !== 'ipv4' && (rest.length === 16 || rest.length === 20);
  if (rest.length > 0 && !v4 && !v6) {
    throw new IllValue(`${rest.length} bytes are no address of type ${type}`);
  }
  return {
    type,
    ...(v4 ? { ipv4: bytesToAddress(rest.subarray(0, 4)) } : {}),
    ...(v6 ? { ipv6: bytesToAddress(rest.subarray(rest.length - 16)) } : {}),
  };
}

function writeEndUserAddress({ type, ipv4, ipv6 }: EndUserAddress): Buffer {
  if ((type === 'ipv4' && ipv6 !== undefined) || (type === 'ipv6' && ipv4 !== undefined)) {
    throw new RangeError(`an address of the other version than ${type}`);
  }
  // The spare bits are ones.
  const head = [0xf0 | IETF, PDP_NUMBERS[type]];
  return withAddresses(head, ipv4, ipv6);
}

/** The codecs, by what messages call them. */
export const ieV1 = {
  cause: uint('Cause', 1, 1),
  imsi: ie('IMSI', 2, 8, readImsi, (imsi: string) => writeDigits(imsi, 8)),
  routeingArea: opaque('Routeing Area Identity', 3, 6),
  reordering: ie(
    'Reordering Required',
    8,
    1,
    (data) => (data.readUInt8(0) & 1) === 1,
    (wanted: boolean) => Buffer.of(0xfe | Number(wanted)),
  ),
  recovery: uint('Recovery', 14, 1),
  selectionMode: ie(
    'Selection Mode',
    15,
    1,
    (data) => data.readUInt8(0) & 0x03,
    (mode: number) => Buffer.of(0xfc | checkRange('mode', mode, 3)),
  ),
  teidData: uint('TEID Data I', 16, 4),
  teidControl: uint('TEID Control Plane', 17, 4),
  teardown: ie(
    'Teardown Ind',
    19,
    1,
    (data) => (data.readUInt8(0) & 1) === 1,
    (all: boolean) => Buffer.of(0xfe | Number(all)),
  ),
  nsapi: ie(
    'NSAPI',
    20,
    1,
    (data) => data.readUInt8(0) & 0x0f,
    (nsapi: number) => Buffer.of(checkRange('NSAPI', nsapi, 15)),
  ),
  chargingCharacteristics: uint('Charging Characteristics', 26, 2),
  chargingId: uint('Charging ID', 127, 4),
  endUserAddress: ie('End User Address', 128, 2, readEndUserAddress, writeEndUserAddress),
  apn: apn(131),
  protocolOptions: opaque('Protocol Configuration Options', 132, 1),
  gsnAddress: ie('GSN Address', 133, 4, readAddress, (address: string) =>
    addressBytes(address, address.includes(':') ? 6 : 4),
  ),
  msisdn: opaque('MSISDN', 134, 1),
  quality: opaque('Quality of Service Profile', 135, 4),
  trafficFlowTemplate: opaque('Traffic Flow Template', 137, 1),
  extensionHeaderTypes: ie(
    'Extension Header Type List',
    EXTENSION_HEADER_TYPES,
    0,
    (data) => [...data],
    (types: readonly number[]) => Buffer.from(types),
  ),
  ratType: uint('RAT Type', 151, 1),
  userLocation: opaque('User Location Information', 152, 1),
  timeZone: opaque('MS Time Zone', 153, 2),
  imei: ie('IMEI(SV)', 154, 8, readDigits, (imei: string) => writeDigits(imei, 8)),
  privateExtension,
};
