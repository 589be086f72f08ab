/** What a GTP-C message says of its sender's restarts (TS 23.007 §18): whose counter it is, and where it stands. */
import { optional, orProblem, readFields } from './gtp-ie.ts';
import { readGtpv1Header } from './gtpv1-header.ts';
import { ieV1, readIesV1 } from './gtpv1-ie.ts';
import { readGtpv2Header } from './gtpv2.ts';
import { ieV2, readIesV2 } from './gtpv2-ie.ts';

export interface Recovery {
  /** The sender's address for control, where the message names one; else it is the packet's source. */
  readonly address: string | undefined;
  /** Undefined: the message carries no counter. */
  readonly restart: number | undefined;
}

const V1 = { recovery: optional(ieV1.recovery), control: optional(ieV1.gsnAddress) };
const V2 = { recovery: optional(ieV2.recovery), control: optional(ieV2.fteid) };
const NAME = 'GTP-C';

/** Of a request of either version; undefined where its elements cannot be told apart. */
export function readRecovery(version: 1 | 2, bytes: Uint8Array): Recovery | undefined {
  const read = orProblem<Recovery>(
    () => undefined,
    () => {
      if (version === 1) {
        const { body, offset } = readGtpv1Header(bytes);
        const { values } = readFields(NAME, V1, readIesV1(NAME, body, offset), 0);
        return { address: values.control, restart: values.recovery };
      }
      const { body, offset } = readGtpv2Header(bytes);
      const { values } = readFields(NAME, V2, readIesV2(NAME, body, offset), 0);
      return { address: values.control?.ipv4 ?? values.control?.ipv6, restart: values.recovery };
    },
  );
  return 'kind' in read ? undefined : read;
}

/**
 * Whether counter `now` is that of a later start than `before` (TS 23.007 §18, modulo 256): an earlier
 * one was overtaken on its way and says nothing.
 */
export function hasRestarted(before: number, now: number): boolean {
  const ahead = (now - before) & 0xff;
  return ahead > 0 && ahead < 0x80;
}

/** The name of a peer: of one version, for a node may count for each by itself. */
export const gtpPeer = (version: 1 | 2, address: string): string => `v${version} ${address}`;
