/** Whose session a set-up asks for: one node has no more than one of them (TS 29.060 §7.3.1, TS 29.274 §7.2.1). */
import type { ControlUser } from './control.ts';
import { mandatory, many, optional, orProblem, readFields } from './gtp-ie.ts';
import { readGtpv1Header } from './gtpv1-header.ts';
import { ieV1, readIesV1 } from './gtpv1-ie.ts';
import { readGtpv2Header } from './gtpv2.ts';
import { grouped, ieV2, readIesV2 } from './gtpv2-ie.ts';

const V1 = {
  imsi: optional(ieV1.imsi),
  nsapi: mandatory(ieV1.nsapi),
  teid: mandatory(ieV1.teidControl),
  address: mandatory(ieV1.gsnAddress),
};
const V2 = {
  imsi: optional(ieV2.imsi),
  control: mandatory(ieV2.fteid),
  bearers: many(grouped('Bearer Context', 93, { id: mandatory(ieV2.bearerId) })),
};
const NAME = 'GTP-C';

/** Subscriber and default bearer: NSAPI and EPS bearer identity are one number for those who change networks. */
export const nameOfUser = (imsi: string, bearer: number): string => `${imsi} ${bearer}`;

/** Undefined where it names nobody, as emergency calls without a card do, or cannot be read. */
export function readSubscriber(version: 1 | 2, bytes: Uint8Array): ControlUser | undefined {
  const read = orProblem<ControlUser | { readonly nobody: true }>(
    () => undefined,
    () => {
      if (version === 1) {
        const { body, offset } = readGtpv1Header(bytes);
        const { imsi, nsapi, address, teid } = readFields(
          NAME,
          V1,
          readIesV1(NAME, body, offset),
          0,
        ).values;
        return imsi === undefined ? NOBODY : { user: nameOfUser(imsi, nsapi), address, teid };
      }
      const { body, offset } = readGtpv2Header(bytes);
      const { imsi, control, bearers } = readFields(
        NAME,
        V2,
        readIesV2(NAME, body, offset),
        0,
      ).values;
      const address = control.ipv4 ?? control.ipv6;
      const [bearer] = bearers;
      if (imsi === undefined || bearer === undefined || address === undefined) return NOBODY;
      return { user: nameOfUser(imsi, bearer.id), address, teid: control.teid };
    },
  );
  return 'user' in read ? read : undefined;
}

const NOBODY = { nobody: true } as const;
