/** GTPv1-C (TS 29.060): PDP contexts between an SGSN and a gateway. */
import {
  type Definitions,
  GtpError,
  type GtpProblem,
  type MessageOf,
  mandatory,
  message,
  optional,
  orProblem,
  readFields,
  writeFields,
} from './gtp-ie.ts';
import { buildGtpv1, type Gtpv1Packet, readGtpv1Header } from './gtpv1-header.ts';
import { ieV1, readIesV1, writeIesV1 } from './gtpv1-ie.ts';

/** UDP port of GTP-C, of both versions (TS 29.060 §10.1.2, TS 29.274 §4.2). */
export const GTPC_PORT = 2123;

/** §7.3: what is conditional in the standard is optional here, and asked for where it is needed. */
export const GTPV1_MESSAGES = {
  echoRequest: message('Echo Request', 1, { privateExtension: optional(ieV1.privateExtension) }),
  echoResponse: message('Echo Response', 2, {
    recovery: mandatory(ieV1.recovery),
    privateExtension: optional(ieV1.privateExtension),
  }),
  versionNotSupported: message('Version Not Supported', 3, {}),
  createRequest: message('Create PDP Context Request', 16, {
    imsi: optional(ieV1.imsi),
    routeingArea: optional(ieV1.routeingArea),
    recovery: optional(ieV1.recovery),
    selectionMode: optional(ieV1.selectionMode),
    teidData: mandatory(ieV1.teidData),
    /** Left out in a secondary activation. */
    teidControl: optional(ieV1.teidControl),
    nsapi: mandatory(ieV1.nsapi),
    /** There, it asks for a secondary context beside this one. */
    linkedNsapi: optional(ieV1.nsapi, 1),
    chargingCharacteristics: optional(ieV1.chargingCharacteristics),
    endUserAddress: optional(ieV1.endUserAddress),
    apn: optional(ieV1.apn),
    protocolOptions: optional(ieV1.protocolOptions),
    controlAddress: mandatory(ieV1.gsnAddress),
    userAddress: mandatory(ieV1.gsnAddress, 1),
    msisdn: optional(ieV1.msisdn),
    quality: mandatory(ieV1.quality),
    trafficFlowTemplate: optional(ieV1.trafficFlowTemplate),
    ratType: optional(ieV1.ratType),
    userLocation: optional(ieV1.userLocation),
    timeZone: optional(ieV1.timeZone),
    imei: optional(ieV1.imei),
    privateExtension: optional(ieV1.privateExtension),
  }),
  createResponse: message('Create PDP Context Response', 17, {
    cause: mandatory(ieV1.cause),
    reordering: optional(ieV1.reordering),
    recovery: optional(ieV1.recovery),
    teidData: optional(ieV1.teidData),
    teidControl: optional(ieV1.teidControl),
    nsapi: optional(ieV1.nsapi),
    chargingId: optional(ieV1.chargingId),
    endUserAddress: optional(ieV1.endUserAddress),
    protocolOptions: optional(ieV1.protocolOptions),
    controlAddress: optional(ieV1.gsnAddress),
    userAddress: optional(ieV1.gsnAddress, 1),
    quality: optional(ieV1.quality),
    privateExtension: optional(ieV1.privateExtension),
  }),
  updateRequest: message('Update PDP Context Request', 18, {
    imsi: optional(ieV1.imsi),
    routeingArea: optional(ieV1.routeingArea),
    recovery: optional(ieV1.recovery),
    teidData: optional(ieV1.teidData),
    teidControl: optional(ieV1.teidControl),
    nsapi: mandatory(ieV1.nsapi),
    protocolOptions: optional(ieV1.protocolOptions),
    controlAddress: optional(ieV1.gsnAddress),
    userAddress: optional(ieV1.gsnAddress, 1),
    quality: optional(ieV1.quality),
    trafficFlowTemplate: optional(ieV1.trafficFlowTemplate),
    ratType: optional(ieV1.ratType),
    userLocation: optional(ieV1.userLocation),
    timeZone: optional(ieV1.timeZone),
    privateExtension: optional(ieV1.privateExtension),
  }),
  updateResponse: message('Update PDP Context Response', 19, {
    cause: mandatory(ieV1.cause),
    recovery: optional(ieV1.recovery),
    teidData: optional(ieV1.teidData),
    teidControl: optional(ieV1.teidControl),
    chargingId: optional(ieV1.chargingId),
    controlAddress: optional(ieV1.gsnAddress),
    userAddress: optional(ieV1.gsnAddress, 1),
    quality: optional(ieV1.quality),
    privateExtension: optional(ieV1.privateExtension),
  }),
  deleteRequest: message('Delete PDP Context Request', 20, {
    /** All contexts of the address go. */
    teardown: optional(ieV1.teardown),
    nsapi: mandatory(ieV1.nsapi),
    privateExtension: optional(ieV1.privateExtension),
  }),
  deleteResponse: message('Delete PDP Context Response', 21, {
    cause: mandatory(ieV1.cause),
    privateExtension: optional(ieV1.privateExtension),
  }),
  supportedExtensionHeaders: message('Supported Extension Headers Notification', 31, {
    types: mandatory(ieV1.extensionHeaderTypes),
  }),
} satisfies Definitions;

/** What every GTPv1-C message has. */
export interface Gtpv1Common {
  readonly teid: number;
  readonly sequence: number;
}

export type Gtpv1Message = MessageOf<typeof GTPV1_MESSAGES, Gtpv1Common>;
export type Gtpv1Kind = Gtpv1Message['kind'];
export type Gtpv1Ies<K extends Gtpv1Kind> = Extract<Gtpv1Message, { kind: K }>['ies'];

const BY_TYPE = new Map(
  Object.entries(GTPV1_MESSAGES).map(([kind, definition]) => [
    definition.type,
    { kind, name: definition.name, fields: definition.fields },
  ]),
);

/** Reads one message; never throws. */
export function parseGtpv1(bytes: Uint8Array): Gtpv1Message | GtpProblem {
  let header: Gtpv1Packet | undefined;
  const found = () => header && { ...header, sequence: header.sequence ?? 0 };
  return orProblem(found, () => {
    header = readGtpv1Header(bytes);
    const { type, teid, sequence, body, offset } = header;
    const known = BY_TYPE.get(type);
    if (known === undefined) {
      throw new GtpError('unknown_message', 1, `GTPv1-C: no message of ours has type ${type}`);
    }
    // GTP-C always has one (TS 29.060 §8.2); Version Not Supported answers what could not be read.
    if (sequence === undefined && known.kind !== 'versionNotSupported') {
      throw new GtpError('header', 0, `${known.name}: no sequence number`);
    }
    const ies = readIesV1(known.name, body, offset);
    const { values, unknown } = readFields(known.name, known.fields, ies, offset + body.length);
    const common = { teid, sequence: sequence ?? 0 };
    return { kind: known.kind, ...common, ies: values, unknown } as Gtpv1Message;
  });
}

/** Throws RangeError that names the IE or field which does not fit. */
export function buildGtpv1Message<K extends Gtpv1Kind>(
  kind: K,
  { teid, sequence }: Gtpv1Common,
  ies: Gtpv1Ies<K>,
): Buffer {
  const { type, fields } = GTPV1_MESSAGES[kind];
  return buildGtpv1({ type, teid, sequence }, writeIesV1(writeFields(fields, ies as never)));
}
