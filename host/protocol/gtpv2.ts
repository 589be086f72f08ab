/** GTPv2-C (TS 29.274) as a PDN gateway speaks it on S5/S8: sessions and bearers. */
import { checkRange, view } from './bytes.ts';
import {
  type Definitions,
  GtpError,
  type GtpHeader,
  type GtpProblem,
  type MessageOf,
  mandatory,
  many,
  message,
  optional,
  orProblem,
  readFields,
  writeFields,
} from './gtp-ie.ts';
import { grouped, ieV2, readIesV2, writeIesV2 } from './gtpv2-ie.ts';

/** Type of the grouped IE (§8.28). */
const BEARER_CONTEXT = 93;

/** Bearer contexts differ from message to message (§7.2). F-TEIDs by instance: who sends it, where. */
const bearer = {
  /** Table 7.2.1-2: S5/S8-U of the serving gateway is instance 2. */
  create: grouped('Bearer Context to be created', BEARER_CONTEXT, {
    id: mandatory(ieV2.bearerId),
    trafficFlowTemplate: optional(ieV2.trafficFlowTemplate),
    servingUser: optional(ieV2.fteid, 2),
    quality: mandatory(ieV2.bearerQuality),
  }),
  /** Table 7.2.2-2: S5/S8-U of the PDN gateway is instance 2. */
  created: grouped('Bearer Context created', BEARER_CONTEXT, {
    id: mandatory(ieV2.bearerId),
    cause: mandatory(ieV2.cause),
    gatewayUser: optional(ieV2.fteid, 2),
    quality: optional(ieV2.bearerQuality),
    chargingId: optional(ieV2.chargingId),
  }),
  /** Table 7.2.7-2. */
  modify: grouped('Bearer Context to be modified', BEARER_CONTEXT, {
    id: mandatory(ieV2.bearerId),
    /** S5/S8-U of the serving gateway; on S1 instance 0 is the base station's. */
    servingUser: optional(ieV2.fteid, 1),
  }),
  /** Table 7.2.8-2. */
  modified: grouped('Bearer Context modified', BEARER_CONTEXT, {
    id: mandatory(ieV2.bearerId),
    cause: mandatory(ieV2.cause),
    chargingId: optional(ieV2.chargingId),
  }),
  /** Table 7.2.3-2: a dedicated bearer has no number yet. */
  offer: grouped('Bearer Context to be created', BEARER_CONTEXT, {
    id: mandatory(ieV2.bearerId),
    trafficFlowTemplate: mandatory(ieV2.trafficFlowTemplate),
    gatewayUser: optional(ieV2.fteid, 1),
    quality: mandatory(ieV2.bearerQuality),
    chargingId: optional(ieV2.chargingId),
  }),
  /** Table 7.2.4-2: the serving gateway's is instance 2, ours comes back as instance 3. */
  accepted: grouped('Bearer Context created', BEARER_CONTEXT, {
    id: mandatory(ieV2.bearerId),
    cause: mandatory(ieV2.cause),
    servingUser: optional(ieV2.fteid, 2),
    gatewayUser: optional(ieV2.fteid, 3),
  }),
  /** Table 7.2.15-2. */
  update: grouped('Bearer Context to be updated', BEARER_CONTEXT, {
    id: mandatory(ieV2.bearerId),
    trafficFlowTemplate: optional(ieV2.trafficFlowTemplate),
    quality: optional(ieV2.bearerQuality),
  }),
  /** Tables 7.2.16-2 and 7.2.10.2-2. */
  result: grouped('Bearer Context', BEARER_CONTEXT, {
    id: mandatory(ieV2.bearerId),
    cause: mandatory(ieV2.cause),
  }),
};

/** §7.1 and §7.2: what is conditional in the standard is optional here, and asked for where needed. */
export const GTPV2_MESSAGES = {
  echoRequest: message('Echo Request', 1, { recovery: mandatory(ieV2.recovery) }),
  echoResponse: message('Echo Response', 2, { recovery: mandatory(ieV2.recovery) }),
  versionNotSupported: message('Version Not Supported Indication', 3, {}),
  createSessionRequest: message('Create Session Request', 32, {
    imsi: optional(ieV2.imsi),
    msisdn: optional(ieV2.msisdn),
    imei: optional(ieV2.imei),
    userLocation: optional(ieV2.userLocation),
    servingNetwork: optional(ieV2.servingNetwork),
    ratType: mandatory(ieV2.ratType),
    indication: optional(ieV2.indication),
    senderControl: mandatory(ieV2.fteid),
    /** S5/S8 of the PDN gateway, where the sender speaks to a serving gateway. */
    gatewayControl: optional(ieV2.fteid, 1),
    apn: mandatory(ieV2.apn),
    selectionMode: optional(ieV2.selectionMode),
    pdnType: optional(ieV2.pdnType),
    pdnAddress: optional(ieV2.pdnAddress),
    apnRestriction: optional(ieV2.apnRestriction),
    bitRates: optional(ieV2.bitRates),
    protocolOptions: optional(ieV2.protocolOptions),
    bearers: many(bearer.create),
    recovery: optional(ieV2.recovery),
    timeZone: optional(ieV2.timeZone),
    chargingCharacteristics: optional(ieV2.chargingCharacteristics),
    privateExtension: optional(ieV2.privateExtension),
  }),
  createSessionResponse: message('Create Session Response', 33, {
    cause: mandatory(ieV2.cause),
    /** S11 or S4 of a serving gateway. */
    senderControl: optional(ieV2.fteid),
    /** S5/S8 of the PDN gateway. */
    gatewayControl: optional(ieV2.fteid, 1),
    pdnAddress: optional(ieV2.pdnAddress),
    apnRestriction: optional(ieV2.apnRestriction),
    bitRates: optional(ieV2.bitRates),
    protocolOptions: optional(ieV2.protocolOptions),
    bearers: many(bearer.created),
    recovery: optional(ieV2.recovery),
    privateExtension: optional(ieV2.privateExtension),
  }),
  modifyBearerRequest: message('Modify Bearer Request', 34, {
    userLocation: optional(ieV2.userLocation),
    servingNetwork: optional(ieV2.servingNetwork),
    ratType: optional(ieV2.ratType),
    indication: optional(ieV2.indication),
    senderControl: optional(ieV2.fteid),
    bitRates: optional(ieV2.bitRates),
    bearers: many(bearer.modify),
    bearersToRemove: many(
      grouped('Bearer Context to be removed', 93, { id: mandatory(ieV2.bearerId) }),
      1,
    ),
    recovery: optional(ieV2.recovery),
    timeZone: optional(ieV2.timeZone),
    privateExtension: optional(ieV2.privateExtension),
  }),
  modifyBearerResponse: message('Modify Bearer Response', 35, {
    cause: mandatory(ieV2.cause),
    msisdn: optional(ieV2.msisdn),
    linkedBearerId: optional(ieV2.bearerId),
    apnRestriction: optional(ieV2.apnRestriction),
    bearers: many(bearer.modified),
    bearersRemoved: many(bearer.result, 1),
    recovery: optional(ieV2.recovery),
    privateExtension: optional(ieV2.privateExtension),
  }),
  deleteSessionRequest: message('Delete Session Request', 36, {
    cause: optional(ieV2.cause),
    /** Default bearer of the session that is to go. */
    linkedBearerId: optional(ieV2.bearerId),
    userLocation: optional(ieV2.userLocation),
    indication: optional(ieV2.indication),
    protocolOptions: optional(ieV2.protocolOptions),
    senderControl: optional(ieV2.fteid),
    timeZone: optional(ieV2.timeZone),
    privateExtension: optional(ieV2.privateExtension),
  }),
  deleteSessionResponse: message('Delete Session Response', 37, {
    cause: mandatory(ieV2.cause),
    recovery: optional(ieV2.recovery),
    protocolOptions: optional(ieV2.protocolOptions),
    privateExtension: optional(ieV2.privateExtension),
  }),
  createBearerRequest: message('Create Bearer Request', 95, {
    transactionId: optional(ieV2.transactionId),
    linkedBearerId: mandatory(ieV2.bearerId),
    protocolOptions: optional(ieV2.protocolOptions),
    bearers: many(bearer.offer),
    privateExtension: optional(ieV2.privateExtension),
  }),
  createBearerResponse: message('Create Bearer Response', 96, {
    cause: mandatory(ieV2.cause),
    bearers: many(bearer.accepted),
    recovery: optional(ieV2.recovery),
    protocolOptions: optional(ieV2.protocolOptions),
    timeZone: optional(ieV2.timeZone),
    userLocation: optional(ieV2.userLocation),
    privateExtension: optional(ieV2.privateExtension),
  }),
  updateBearerRequest: message('Update Bearer Request', 97, {
    bearers: many(bearer.update),
    transactionId: optional(ieV2.transactionId),
    protocolOptions: optional(ieV2.protocolOptions),
    bitRates: mandatory(ieV2.bitRates),
    privateExtension: optional(ieV2.privateExtension),
  }),
  updateBearerResponse: message('Update Bearer Response', 98, {
    cause: mandatory(ieV2.cause),
    bearers: many(bearer.result),
    protocolOptions: optional(ieV2.protocolOptions),
    recovery: optional(ieV2.recovery),
    timeZone: optional(ieV2.timeZone),
    userLocation: optional(ieV2.userLocation),
    privateExtension: optional(ieV2.privateExtension),
  }),
  deleteBearerRequest: message('Delete Bearer Request', 99, {
    /** Default bearer: the session goes with it. */
    linkedBearerId: optional(ieV2.bearerId),
    /** Dedicated bearers. */
    bearerIds: many(ieV2.bearerId, 1),
    transactionId: optional(ieV2.transactionId),
    protocolOptions: optional(ieV2.protocolOptions),
    cause: optional(ieV2.cause),
    privateExtension: optional(ieV2.privateExtension),
  }),
  deleteBearerResponse: message('Delete Bearer Response', 100, {
    cause: mandatory(ieV2.cause),
    linkedBearerId: optional(ieV2.bearerId),
    bearers: many(bearer.result),
    recovery: optional(ieV2.recovery),
    protocolOptions: optional(ieV2.protocolOptions),
    timeZone: optional(ieV2.timeZone),
    userLocation: optional(ieV2.userLocation),
    privateExtension: optional(ieV2.privateExtension),
  }),
} satisfies Definitions;

/** What every GTPv2-C message has. */
export interface Gtpv2Common {
  /** Undefined in messages about the path, not a session (§5.5.1). */
  readonly teid: number | undefined;
  /** 24 bits. */
  readonly sequence: number;
}

export type Gtpv2Message = MessageOf<typeof GTPV2_MESSAGES, Gtpv2Common>;
export type Gtpv2Kind = Gtpv2Message['kind'];
export type Gtpv2Ies<K extends Gtpv2Kind> = Extract<Gtpv2Message, { kind: K }>['ies'];

const BY_TYPE = new Map(
  Object.entries(GTPV2_MESSAGES).map(([kind, definition]) => [
    definition.type,
    { kind, name: definition.name, fields: definition.fields },
  ]),
);

const VERSION_2 = 0x40;
const PIGGYBACKED = 0x10;
const HAS_TEID = 0x08;

export interface Gtpv2Packet extends GtpHeader {
  readonly body: Buffer;
  readonly offset: number;
  /** A second message in the same datagram (§5.5.1, flag P); a view. */
  readonly piggybacked: Buffer | undefined;
}

/** Reads the header. Throws GtpError: `version` or `header`. */
export function readGtpv2Header(bytes: Uint8Array): Gtpv2Packet {
  const all = view(bytes);
  const flags = all[0] ?? 0;
  if (flags >> 5 !== 2) throw new GtpError('version', 0, `GTP: version ${flags >> 5}, not 2`);
  const offset = flags & HAS_TEID ? 12 : 8;
  const end = all.length < 4 ? 0 : 4 + all.readUInt16BE(2);
  if (end < offset || end > all.length) {
    const text = `GTPv2-C: length ${end - 4} in ${all.length} bytes, the header has ${offset}`;
    throw new GtpError('header', 2, text);
  }
  return {
    type: all.readUInt8(1),
    teid: flags & HAS_TEID ? all.readUInt32BE(4) : undefined,
    sequence: all.readUIntBE(offset - 4, 3),
    body: all.subarray(offset, end),
    offset,
    piggybacked: flags & PIGGYBACKED && end < all.length ? all.subarray(end) : undefined,
  };
}

/** Reads one message, the first of a datagram; never throws. */
export function parseGtpv2(bytes: Uint8Array): Gtpv2Message | GtpProblem {
  let header: Gtpv2Packet | undefined;
  return orProblem(
    () => header,
    () => {
      header = readGtpv2Header(bytes);
      const { type, teid, sequence, body, offset } = header;
      const known = BY_TYPE.get(type);
      if (known === undefined) {
        throw new GtpError('unknown_message', 1, `GTPv2-C: no message of ours has type ${type}`);
      }
      const ies = readIesV2(known.name, body, offset);
      const { values, unknown } = readFields(known.name, known.fields, ies, offset + body.length);
      return { kind: known.kind, teid, sequence, ies: values, unknown } as Gtpv2Message;
    },
  );
}

/** Throws RangeError that names the IE or field which does not fit. */
export function buildGtpv2<K extends Gtpv2Kind>(
  kind: K,
  { teid, sequence }: Gtpv2Common,
  ies: Gtpv2Ies<K>,
): Buffer {
  const { type, fields } = GTPV2_MESSAGES[kind];
  const body = writeIesV2(writeFields(fields, ies as never));
  const header = teid === undefined ? 8 : 12;
  const bytes = Buffer.allocUnsafe(header + body.length);
  bytes.writeUInt8(VERSION_2 | (teid === undefined ? 0 : HAS_TEID), 0);
  bytes.writeUInt8(type, 1);
  bytes.writeUInt16BE(checkRange('GTP length', bytes.length - 4, 0xffff), 2);
  if (teid !== undefined) bytes.writeUInt32BE(checkRange('teid', teid, 0xffffffff), 4);
  // The last of the header's bytes is spare.
  bytes.writeUInt32BE(checkRange('sequence', sequence, 0xffffff) * 0x100, header - 4);
  bytes.set(body, header);
  return bytes;
}
