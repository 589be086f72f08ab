/** Information elements of GTPv2-C (TS 29.274 §8): type, length, instance, value. */
import { bytesToAddress } from './address.ts';
import { checkRange } from './bytes.ts';
import {
  type Fields,
  GtpError,
  type IeCodec,
  IllValue,
  ie,
  type RawIe,
  readFields,
  type Values,
  writeFields,
} from './gtp-ie.ts';
import {
  addressBytes,
  apn,
  opaque,
  privateExtension,
  readDigits,
  readImsi,
  readPlmn,
  uint,
  withAddresses,
  writeDigits,
  writePlmn,
} from './gtp-value.ts';

/** Type, length (2), spare and instance. */
const IE_HEADER = 4;

/** Splits what lies behind a header. `base` is where it begins in the message. Throws GtpError. */
export function readIesV2(message: string, body: Buffer, base: number): RawIe[] {
  const ies: RawIe[] = [];
  for (let at = 0; at < body.length; ) {
    const type = body.readUInt8(at);
    if (at + IE_HEADER > body.length) {
      const text = `${message}: the message ends within the header of IE ${type}`;
      throw new GtpError('length', base + at, text, { type, instance: 0 });
    }
    const start = at + IE_HEADER;
    const end = start + body.readUInt16BE(at + 1);
    const instance = body.readUInt8(at + 3) & 0x0f;
    if (end > body.length) {
      const text = `${message}: IE ${type} of ${end - start} bytes ends behind the message`;
      throw new GtpError('length', base + at, text, { type, instance });
    }
    ies.push({ type, instance, data: body.subarray(start, end), offset: base + start });
    at = end;
  }
  return ies;
}

export function writeIesV2(ies: readonly RawIe[]): Buffer {
  const length = ies.reduce((sum, { data }) => sum + IE_HEADER + data.length, 0);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { type, instance, data } of ies) {
    bytes.writeUInt8(type, at);
    if (data.length > 0xffff) checkRange(`length of IE ${type}`, data.length, 0xffff);
    bytes.writeUInt16BE(data.length, at + 1);
    bytes.writeUInt8(checkRange('instance', instance, 15), at + 3);
    bytes.set(data, at + IE_HEADER);
    at += IE_HEADER + data.length;
  }
  return bytes;
}

/** A grouped IE, which holds others (§8.2). */
export function grouped<F extends Fields>(
  name: string,
  type: number,
  fields: F,
): IeCodec<Values<F>> & { readonly fields: F } {
  const codec: IeCodec<Values<F>> = ie(
    name,
    type,
    IE_HEADER,
    (data, offset) =>
      readFields(name, fields, readIesV2(name, data, offset), offset + data.length).values,
    (values) => writeIesV2(writeFields(fields, values)),
  );
  return { ...codec, fields };
}

/** Where messages or packets of one interface go (§8.22). */
export interface Fteid {
  /** `FTEID_INTERFACE`. */
  readonly interfaceType: number;
  readonly teid: number;
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
}

/** §8.22, interface types of a gateway and of its peer. */
export const FTEID_INTERFACE = {
  s1uEnb: 0,
  s1uSgw: 1,
  s5uSgw: 4,
  s5uPgw: 5,
  s5cSgw: 6,
  s5cPgw: 7,
} as const;

function readFteid(data: Buffer): Fteid {
  const flags = data.readUInt8(0);
  const v4 = (flags & 0x80) !== 0;
  const v6 = (flags & 0x40) !== 0;
  const wanted = 5 + (v4 ? 4 : 0) + (v6 ? 16 : 0);
  if (!v4 && !v6) throw new IllValue('neither an IPv4 nor an IPv6 address');
  if (data.length < wanted) throw new IllValue(`${data.length} bytes, its flags say ${wanted}`);
  return {
    interfaceType: flags & 0x3f,
    teid: data.readUInt32BE(1),
    ...(v4 ? { ipv4: bytesToAddress(data.subarray(5, 9)) } : {}),
    ...(v6 ? { ipv6: bytesToAddress(data.subarray(wanted - 16, wanted)) } : {}),
  };
}

function writeFteid({ interfaceType, teid, ipv4, ipv6 }: Fteid): Buffer {
  if (ipv4 === undefined && ipv6 === undefined) {
    throw new RangeError('an IPv4 or an IPv6 address, or both');
  }
  const flags = (ipv4 === undefined ? 0 : 0x80) | (ipv6 === undefined ? 0 : 0x40);
  const first = flags | checkRange('interface type', interfaceType, 0x3f);
  const data = withAddresses([first, 0, 0, 0, 0], ipv4, ipv6);
  data.writeUInt32BE(checkRange('teid', teid, 0xffffffff), 1);
  return data;
}

/** The address that a user gets or asks for (§8.14); an address of zeros asks for any. */
export interface PdnAddress {
  readonly type: 'ipv4' | 'ipv6' | 'ipv4v6';
  readonly ipv4?: string | undefined;
  /** Prefix and interface identifier, with the prefix's length in bits. */
  readonly ipv6?: { readonly address: string; readonly prefix: number } | undefined;
}

const PDN_TYPES = { 1: 'ipv4', 2: 'ipv6', 3: 'ipv4v6' } as const;
const PDN_NUMBERS = { ipv4: 1, ipv6: 2, ipv4v6: 3 } as const;

function pdnType(byte: number): PdnAddress['type'] {
  const type = PDN_TYPES[(byte & 0x07) as keyof typeof PDN_TYPES];
  if (type === undefined) throw new IllValue(`PDN type ${byte & 0x07} is not IP`);
  return type;
}

function readPdnAddress(data: Buffer): PdnAddress {
  const type = pdnType(data.readUInt8(0));
  const v6 = type === 'ipv4' ? 0 : 17;
  const wanted = 1 + v6 + (type === 'ipv6' ? 0 : 4);
  if (data.length < wanted) throw new IllValue(`${data.length} bytes, ${type} has ${wanted}`);
  return {
    type,
    ...(v6 > 0
      ? { ipv6: { prefix: data.readUInt8(1), address: bytesToAddress(data.subarray(2, 18)) } }
      : {}),
    ...(type === 'ipv6' ? {} : { ipv4: bytesToAddress(data.subarray(1 + v6, 5 + v6)) }),
  };
}

function writePdnAddress({ type, ipv4, ipv6 }: PdnAddress): Buffer {
  if ((ipv4 === undefined) !== (type === 'ipv6') || (ipv6 === undefined) !== (type === 'ipv4')) {
    throw new RangeError(`the addresses are not those of type ${type}`);
  }
  return Buffer.concat([
    Buffer.of(PDN_NUMBERS[type]),
    ...(ipv6 === undefined
      ? []
      : [Buffer.of(checkRange('prefix', ipv6.prefix, 128)), addressBytes(ipv6.address, 6)]),
    ipv4 === undefined ? Buffer.alloc(0) : addressBytes(ipv4, 4),
  ]);
}

/** What became of a request (§8.4). */
export interface CauseV2 {
  /** `CAUSE_V2`. */
  readonly value: number;
  /** It comes from the far end, not from the node that answers. */
  readonly remote?: boolean;
  /** The IE at fault. */
  readonly offending?: { readonly type: number; readonly instance: number } | undefined;
}

function readCause(data: Buffer): CauseV2 {
  return {
    value: data.readUInt8(0),
    ...(data.readUInt8(1) & 0x01 ? { remote: true } : {}),
    ...(data.length >= 6
      ? { offending: { type: data.readUInt8(2), instance: data.readUInt8(5) & 0x0f } }
      : {}),
  };
}

function writeCause({ value, remote = false, offending }: CauseV2): Buffer {
  const head = Buffer.allocUnsafe(2);
  head[0] = checkRange('value', value, 0xff);
  head[1] = Number(remote);
  if (offending === undefined) return head;
  const { type, instance } = offending;
  return Buffer.concat([head, Buffer.of(type, 0, 0, checkRange('instance', instance, 15))]);
}

/** Allowed bit rates in kbit/s (§8.7). */
export interface BitRates {
  readonly uplink: number;
  readonly downlink: number;
}

/** The codecs, by what messages call them. */
export const ieV2 = {
  imsi: ie('IMSI', 1, 1, readImsi, (imsi: string) => writeDigits(imsi)),
  cause: ie('Cause', 2, 2, readCause, writeCause),
  recovery: uint('Recovery', 3, 1),
  apn: apn(71),
  bitRates: ie<BitRates>(
    'Aggregate Maximum Bit Rate',
    72,
    8,
    (data) => ({ uplink: data.readUInt32BE(0), downlink: data.readUInt32BE(4) }),
    ({ uplink, downlink }) => {
      const data = Buffer.alloc(8);
      data.writeUInt32BE(checkRange('uplink', uplink, 0xffffffff), 0);
      data.writeUInt32BE(checkRange('downlink', downlink, 0xffffffff), 4);
      return data;
    },
  ),
  bearerId: ie(
    'EPS Bearer ID',
    73,
    1,
    (data) => data.readUInt8(0) & 0x0f,
    (id: number) => Buffer.of(checkRange('bearer', id, 15)),
  ),
  imei: ie('Mobile Equipment Identity', 75, 1, readDigits, (imei: string) => writeDigits(imei)),
  msisdn: ie('MSISDN', 76, 1, readDigits, (msisdn: string) => writeDigits(msisdn)),
  indication: opaque('Indication', 77, 1),
  protocolOptions: opaque('Protocol Configuration Options', 78, 1),
  pdnAddress: ie('PDN Address Allocation', 79, 1, readPdnAddress, writePdnAddress),
  bearerQuality: opaque('Bearer Quality of Service', 80, 22),
  ratType: uint('RAT Type', 82, 1),
  servingNetwork: ie('Serving Network', 83, 3, readPlmn, writePlmn),
  trafficFlowTemplate: opaque('Bearer Traffic Flow Template', 84, 1),
  userLocation: opaque('User Location Information', 86, 1),
  fteid: ie('F-TEID', 87, 9, readFteid, writeFteid),
  chargingId: uint('Charging ID', 94, 4),
  chargingCharacteristics: uint('Charging Characteristics', 95, 2),
  pdnType: ie(
    'PDN Type',
    99,
    1,
    (data) => pdnType(data.readUInt8(0)),
    (type: PdnAddress['type']) => Buffer.of(PDN_NUMBERS[type]),
  ),
  transactionId: uint('Procedure Transaction ID', 100, 1),
  timeZone: opaque('UE Time Zone', 114, 2),
  apnRestriction: uint('APN Restriction', 127, 1),
  selectionMode: ie(
    'Selection Mode',
    128,
    1,
    (data) => data.readUInt8(0) & 0x03,
    (mode: number) => Buffer.of(checkRange('mode', mode, 3)),
  ),
  privateExtension,
};
