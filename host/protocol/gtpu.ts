/** GTP-U (TS 29.281): users' packets in tunnels, and what the ends of a tunnel say to each other. */
import { checkRange } from './bytes.ts';
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
import { buildGtpv1, type Gtpv1Header, type Gtpv1Packet, readGtpv1Header } from './gtpv1-header.ts';
import { ieV1, readIesV1, writeIesV1 } from './gtpv1-ie.ts';

/** UDP port of GTP-U (§4.4.2.1). */
export const GTPU_PORT = 2152;

/** Bytes that a G-PDU without options adds to a packet, UDP and IPv4 headers not counted. */
export const GTPU_OVERHEAD = 8;

export const GPDU = 255;

/** §7.1, table 6.1-1; G-PDUs apart, which have no IEs. */
export const GTPU_MESSAGES = {
  echoRequest: message('Echo Request', 1, {}),
  /** The counter is there for GTPv1-C's sake, and 0 (§8.2). */
  echoResponse: message('Echo Response', 2, { recovery: mandatory(ieV1.recovery) }),
  /** The tunnel that the sender of this does not know: its own TEID and address (§7.3.1). */
  errorIndication: message('Error Indication', 26, {
    teid: mandatory(ieV1.teidData),
    address: mandatory(ieV1.gsnAddress),
    privateExtension: optional(ieV1.privateExtension),
  }),
  /** Extension headers that the sender understands (§7.2.3). */
  supportedExtensionHeaders: message('Supported Extension Headers Notification', 31, {
    types: mandatory(ieV1.extensionHeaderTypes),
  }),
  /** Nothing more comes through this tunnel from where it came before (§7.3.2). */
  endMarker: message('End Marker', 254, { privateExtension: optional(ieV1.privateExtension) }),
} satisfies Definitions;

export type GtpuSignal = MessageOf<typeof GTPU_MESSAGES, Gtpv1Header>;
export interface GPdu extends Gtpv1Header {
  readonly kind: 'gPdu';
  /** The user's packet; a view. */
  readonly packet: Buffer;
}
export type GtpuMessage = GtpuSignal | GPdu;

const BY_TYPE = new Map(
  Object.entries(GTPU_MESSAGES).map(([kind, definition]) => [
    definition.type,
    { kind, name: definition.name, fields: definition.fields },
  ]),
);

/** Reads one message; never throws. */
export function parseGtpu(bytes: Uint8Array): GtpuMessage | GtpProblem {
  let header: Gtpv1Packet | undefined;
  const found = () => header && { ...header, sequence: header.sequence ?? 0 };
  return orProblem(found, () => {
    header = readGtpv1Header(bytes);
    const { body, offset, ...rest } = header;
    if (header.type === GPDU) return { kind: 'gPdu', ...rest, packet: body };
    const known = BY_TYPE.get(header.type);
    if (known === undefined) {
      throw new GtpError('unknown_message', 1, `GTP-U: no message has type ${header.type}`);
    }
    const ies = readIesV1(known.name, body, offset);
    const { values, unknown } = readFields(known.name, known.fields, ies, offset + body.length);
    return { ...rest, kind: known.kind, ies: values, unknown } as GtpuMessage;
  });
}

/** A user's packet in its tunnel. */
export function buildGPdu(
  teid: number,
  packet: Uint8Array,
  options: Partial<Pick<Gtpv1Header, 'sequence' | 'nPdu' | 'extensions'>> = {},
): Buffer {
  return buildGtpv1({ type: GPDU, teid, ...options }, packet);
}

type Signals = typeof GTPU_MESSAGES;

/** A message that is no G-PDU. Throws RangeError where a value does not fit. */
export function buildGtpuSignal<K extends keyof Signals>(
  kind: K,
  header: { readonly teid: number; readonly sequence?: number | undefined },
  ies: Extract<GtpuSignal, { kind: K }>['ies'],
): Buffer {
  const { type, fields } = GTPU_MESSAGES[kind];
  checkRange('teid', header.teid, 0xffffffff);
  return buildGtpv1({ type, ...header }, writeIesV1(writeFields(fields, ies as never)));
}
