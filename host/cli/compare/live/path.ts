/** What all ways have in common that the same load may take: SIP's in sip-paths.ts, GTP's in gtp-paths.ts. */
import { readFileSync } from 'node:fs';

export const PATHS = {
  sip: ['card', 'punt', 'nftables', 'kamailio'],
  gtp: ['gtp-card', 'gtp-punt', 'gtp-nftables'],
} as const;
export type SipPath = (typeof PATHS.sip)[number];
export type GtpPath = (typeof PATHS.gtp)[number];
export type PathName = SipPath | GtpPath;
export type LoadName = keyof typeof PATHS;

export const ALL_PATHS: readonly PathName[] = [...PATHS.sip, ...PATHS.gtp];

export const isGtp = (path: PathName): path is GtpPath =>
  (PATHS.gtp as readonly string[]).includes(path);

/** What met software since it was last asked. */
export interface Met {
  /** Packets from outside that a program or the kernel of this machine handled. */
  readonly packets: number;
  /** Nanoseconds of processor time of that program; the simulation's own are not among them. */
  readonly cpuNs: number | null;
}

/** Of this thread, which is the switch processor's; the card is simulated by another. */
export function ownCpuNs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]);
}

/** Packets that the kernel has taken in by an interface: where it routes, all of them meet it. */
export function receivedBy(device: string): number {
  const [, numbers = ''] = readFileSync('/proc/self/net/dev', 'utf8').split(`${device}:`);
  return Number(numbers.trim().split(/\s+/)[1] ?? Number.NaN);
}
