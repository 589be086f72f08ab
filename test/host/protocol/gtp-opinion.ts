/** Whether tshark reads a control message of GTP as we do: both opinions in the same words. */
import { GTPV1_MESSAGES, type Gtpv1Kind, parseGtpv1 } from '../../../host/protocol/gtpv1.ts';
import { GTPV2_MESSAGES, type Gtpv2Kind, parseGtpv2 } from '../../../host/protocol/gtpv2.ts';

/** What tshark is to be asked for, beside what a caller wants. */
export const OPINION_FIELDS = [
  ...['gtpv2.message_type', 'gtpv2.teid', 'gtpv2.seq', 'gtpv2.cause', 'gtpv2.f_teid_gre_key'],
  ...['gtpv2.ebi', 'gtpv2.pdn_addr_and_prefix.ipv4', 'gtpv2.rec'],
  ...['gtp.message', 'gtp.teid', 'gtp.seq_number', 'gtp.cause', 'gtp.teid_data', 'gtp.teid_cp'],
  ...['gtp.nsapi', 'gtp.user_ipv4', 'gtp.recovery', 'e212.imsi', 'udp.payload', 'udp.dstport'],
] as const;

/** By the field's name: the values in the order in which they stand. */
export type Opinion = Readonly<Record<string, readonly string[]>>;

export type Reading =
  /** Ours and tshark's; equal where all is well. */
  | { readonly kind: string; readonly ours: Opinion; readonly theirs: Opinion }
  /** We say that it is none for a gateway, or not what the standard says. */
  | { readonly problem: string };

/** Numbers in tshark's decimal or hexadecimal, as numbers; all else as it is. */
const plain = (text: string): string => {
  const value = Number(text);
  return text !== '' && Number.isFinite(value) && !/^\d{15}$/.test(text) ? String(value) : text;
};
const listOf = (text = ''): string[] =>
  text
    .split(',')
    .filter((it) => it !== '')
    .map(plain);

/** Reads one frame's first message. Undefined: it is none of the control plane. */
export function readBoth(found: Readonly<Record<string, string>>): Reading | undefined {
  const bytes = Buffer.from(found['udp.payload'] ?? '', 'hex');
  const version = (bytes[0] ?? 0) >> 5;
  if (listOf(found['gtpv2.message_type']).length === 1 && version === 2)
    return readV2(bytes, found);
  const { length } = listOf(found['gtp.message']);
  const isControl = (bytes[0] ?? 0) >> 4 === 3 && found['gtp.message'] !== '0xff';
  return length === 1 && isControl ? readV1(bytes, found) : undefined;
}

function readV2(bytes: Buffer, found: Readonly<Record<string, string>>): Reading {
  const message = parseGtpv2(bytes);
  if (message.kind === 'problem') return { problem: message.fault };
  const { kind, teid, sequence, ies } = message;
  const values = collect(ies);
  return {
    kind,
    ours: {
      'gtpv2.message_type': [String(GTPV2_MESSAGES[kind as Gtpv2Kind].type)],
      'gtpv2.teid': teid === undefined ? [] : [String(teid)],
      'gtpv2.seq': [String(sequence)],
      'gtpv2.cause': values.causes,
      'gtpv2.f_teid_gre_key': values.teids,
      'gtpv2.pdn_addr_and_prefix.ipv4': values.addresses,
      'gtpv2.rec': values.recovery,
      'e212.imsi': values.imsi,
    },
    theirs: pick(found, [
      ...['gtpv2.message_type', 'gtpv2.teid', 'gtpv2.seq', 'gtpv2.cause', 'gtpv2.f_teid_gre_key'],
      ...['gtpv2.pdn_addr_and_prefix.ipv4', 'gtpv2.rec', 'e212.imsi'],
    ]),
  };
}

function readV1(bytes: Buffer, found: Readonly<Record<string, string>>): Reading {
  const message = parseGtpv1(bytes);
  if (message.kind === 'problem') return { problem: message.fault };
  const { kind, teid, sequence, ies } = message;
  const of = (name: string): string[] => {
    const value = (ies as Readonly<Record<string, unknown>>)[name];
    return value === undefined ? [] : [String(value)];
  };
  const { endUserAddress } = ies as { endUserAddress?: { ipv4?: string } };
  return {
    kind,
    ours: {
      'gtp.message': [String(GTPV1_MESSAGES[kind as Gtpv1Kind].type)],
      'gtp.teid': [String(teid)],
      'gtp.seq_number': [String(sequence)],
      'gtp.cause': of('cause'),
      'gtp.teid_data': of('teidData'),
      'gtp.teid_cp': of('teidControl'),
      'gtp.nsapi': of('nsapi'),
      'gtp.user_ipv4': endUserAddress?.ipv4 === undefined ? [] : [endUserAddress.ipv4],
      'gtp.recovery': of('recovery'),
      'e212.imsi': of('imsi'),
    },
    theirs: pick(found, [
      ...['gtp.message', 'gtp.teid', 'gtp.seq_number', 'gtp.cause', 'gtp.teid_data', 'gtp.teid_cp'],
      ...['gtp.nsapi', 'gtp.user_ipv4', 'gtp.recovery', 'e212.imsi'],
    ]),
  };
}

function pick(found: Readonly<Record<string, string>>, names: readonly string[]): Opinion {
  return Object.fromEntries(names.map((name) => [name, listOf(found[name])]));
}

/** What of a message's values tshark has a field for, in grouped ones too. */
function collect(
  ies: unknown,
): Record<'causes' | 'teids' | 'addresses' | 'recovery' | 'imsi', string[]> {
  const all = { causes: [], teids: [], addresses: [], recovery: [], imsi: [] } as ReturnType<
    typeof collect
  >;
  const walk = (name: string, value: unknown): void => {
    if (Buffer.isBuffer(value) || value === undefined || value === null) return;
    if (Array.isArray(value)) for (const each of value) walk(name, each);
    else if (typeof value === 'object') {
      const fields = value as Readonly<Record<string, unknown>>;
      if (name === 'cause') all.causes.push(String(fields.value));
      else if ('interfaceType' in fields) all.teids.push(String(fields.teid));
      else if (name === 'pdnAddress' && fields.ipv4 !== undefined)
        all.addresses.push(String(fields.ipv4));
      else for (const [inner, each] of Object.entries(fields)) walk(inner, each);
    } else if (name === 'recovery') all.recovery.push(String(value));
    else if (name === 'imsi') all.imsi.push(String(value));
  };
  walk('', ies);
  return all;
}
