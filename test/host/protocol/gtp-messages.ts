/** Any message of GTP's control planes, from its definition. */
import fc from 'fast-check';
import { bytesToAddress } from '../../../host/protocol/address.ts';
import type { AnyField, Fields, MessageDefinition } from '../../../host/protocol/gtp-ie.ts';

const address4 = fc.ipV4();
const address6 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes))
  .map((bytes) => bytesToAddress(bytes));
const digits = (min: number, max: number) =>
  fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
const bytes = (minLength: number, maxLength = minLength) =>
  fc.uint8Array({ minLength, maxLength }).map((data) => Buffer.from(data));
const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const label = fc.stringMatching(/^[a-z0-9-]{1,20}$/);

/** Values by the name that the standard has for the IE. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'Access Point Name': fc
    .array(label, { minLength: 1, maxLength: 4 })
    .map((labels) => labels.join('.')),
  'Aggregate Maximum Bit Rate': fc.record({ uplink: uint(32), downlink: uint(32) }),
  'APN Restriction': uint(8),
  'Charging Characteristics': uint(16),
  'Charging ID': uint(32),
  'EPS Bearer ID': uint(4),
  'Extension Header Type List': fc.array(uint(8), { maxLength: 8 }),
  'GSN Address': fc.oneof(address4, address6),
  'Mobile Equipment Identity': digits(15, 16),
  'Private Extension': fc.record({ enterprise: uint(16), value: bytes(0, 20) }),
  'PDN Type': fc.constantFrom('ipv4', 'ipv6', 'ipv4v6'),
  'Procedure Transaction ID': uint(8),
  'RAT Type': uint(8),
  'Reordering Required': fc.boolean(),
  'Selection Mode': uint(2),
  'Serving Network': digits(5, 6).map((code) => `${code.slice(0, 3)}-${code.slice(3)}`),
  'TEID Control Plane': uint(32),
  'TEID Data I': uint(32),
  'Teardown Ind': fc.boolean(),
  IMSI: digits(14, 15),
  'IMEI(SV)': digits(15, 16),
  NSAPI: uint(4),
  Recovery: uint(8),
  'End User Address': fc.oneof(
    fc.record({ type: fc.constant('ipv4'), ipv4: address4 }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constant('ipv6'), ipv6: address6 }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constant('ipv4v6'), ipv4: address4, ipv6: address6 }),
  ),
  'PDN Address Allocation': fc.oneof(
    fc.record({ type: fc.constant('ipv4'), ipv4: address4 }),
    fc.record({
      type: fc.constant('ipv6'),
      ipv6: fc.record({ address: address6, prefix: fc.constant(64) }),
    }),
    fc.record({
      type: fc.constant('ipv4v6'),
      ipv4: address4,
      ipv6: fc.record({ address: address6, prefix: fc.constant(64) }),
    }),
  ),
  'F-TEID': fc
    .record({
      interfaceType: uint(6),
      teid: uint(32),
      ipv4: address4,
      ipv6: address6,
      which: uint(2),
    })
    .map(({ which, ipv4, ipv6, ...rest }) => ({
      ...rest,
      ...(which === 1 ? {} : { ipv4 }),
      ...(which === 0 ? {} : { ipv6 }),
    })),
};
const CAUSE_V2 = fc.oneof(
  fc.record({ value: uint(8) }),
  fc.record({
    value: uint(8),
    remote: fc.constant(true),
    offending: fc.record({ type: uint(8), instance: uint(4) }),
  }),
);

function anyValue(codec: AnyField['codec'], version: 1 | 2): fc.Arbitrary<unknown> {
  // A bearer context holds IEs of its own.
  if ('fields' in codec) return iesOf(codec.fields as Fields, version);
  if (codec.name === 'Cause') return version === 1 ? uint(8) : CAUSE_V2;
  if (codec.name === 'MSISDN' && version === 2) return digits(8, 15);
  if (codec.name === 'IMSI' && version === 2) return digits(14, 15);
  const known = VALUES[codec.name];
  if (known !== undefined) return known;
  // Opaque: bytes as they are. Of fixed size in GTPv1-C where the type is below 128.
  return version === 1 && codec.type < 128 ? bytes(codec.least) : bytes(codec.least, 30);
}

function iesOf(fields: Fields, version: 1 | 2): fc.Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(fields);
  const values = Object.fromEntries(
    entries.map(([key, { codec, presence }]) => {
      const value = anyValue(codec, version);
      return [key, presence === 'many' ? fc.array(value, { maxLength: 3 }) : value];
    }),
  );
  const requiredKeys = entries.flatMap(([key, { presence }]) =>
    presence === 'optional' ? [] : [key],
  );
  return fc.record(values, { requiredKeys }).map((given) => inOrder(given, entries, version));
}

/**
 * GTPv1-C tells IEs of one type apart by their order only: the second cannot be there without the
 * first.
 */
function inOrder(
  given: Record<string, unknown>,
  entries: readonly [string, AnyField][],
  version: 1 | 2,
): Record<string, unknown> {
  if (version === 2) return given;
  const result = { ...given };
  for (const [key, { codec, instance }] of entries) {
    const first = entries.find(([, other]) => other.codec === codec && other.instance === 0)?.[0];
    if (instance > 0 && first !== undefined && result[first] === undefined) delete result[key];
  }
  return result;
}

export function anyIes(
  { fields }: MessageDefinition<Fields>,
  version: 1 | 2,
): fc.Arbitrary<Record<string, unknown>> {
  return iesOf(fields, version);
}
