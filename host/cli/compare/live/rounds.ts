/** The live comparison: all paths in turn, round by round, and what came out. */

import { quantilesOf } from '../../../compare/cost/quantiles.ts';
import type { CallCounts } from '../../demo/caller.ts';
import type { Met, PathName } from './path.ts';

export const SCHEMA = 'vidline.compare-live/1' as const;

/** One run of one path. */
export interface LiveRun {
  readonly path: PathName;
  /** Calls a second that were asked for. */
  readonly rate: number;
  readonly counts: CallCounts;
  /** Milliseconds of packets of standing sessions, there and back: a BYE and its answer, a user's ping. */
  readonly answerMs: readonly number[];
  /** Packets that came from outside altogether. */
  readonly packets: number;
  readonly met: Met;
}

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

export interface LivePath {
  readonly path: PathName;
  readonly what: string;
  /** Why it is left out; all else is empty then. */
  readonly skipped?: string;
  /** Highest rate of those tried at which no call failed, calls a second; null: at none. */
  readonly callsPerSecond: number | null;
  /** At the base rate, over the rounds. */
  readonly failed: Spread | null;
  readonly retransmissions: Spread | null;
  /** Milliseconds, of each round the mean. */
  readonly answerMs: Spread | null;
  /** Packets from outside for each session that met software, ARP among them. */
  readonly softwarePackets: Spread | null;
  /** Microseconds of processor time of that software for each packet from outside. */
  readonly cpuUsPerPacket: Spread | null;
}

export interface LiveReport {
  readonly schema: typeof SCHEMA;
  readonly date: string;
  /** Base rate and sessions (SIP's calls, GTP's contexts) of each run. */
  readonly rate: number;
  readonly calls: number;
  readonly rounds: number;
  readonly paths: readonly LivePath[];
  readonly limits: readonly string[];
}

export const WHAT: Readonly<Record<PathName, string>> = {
  card: 'card: sessions are steered by the (simulated) card, set-ups by the switch processor',
  punt: 'card that punts everything: the software router of the switch processor steers',
  nftables: 'nftables: a hash of the client’s socket, dnat and conntrack in the kernel',
  kamailio: 'Kamailio’s dispatcher, two children, record-routing',
  'gtp-card': 'card: tunnels are steered by the (simulated) card, set-ups by the switch processor',
  'gtp-punt': 'card that punts everything: the software router of the switch processor steers',
  'gtp-nftables':
    'nftables: TEIDs and users’ addresses cut up among the gateways once and for all, a hash for set-ups; the kernel routes each packet',
};

export const LIMITS: readonly string[] = [
  'The card is simulated: its latency and its highest rate are those of a simulation on this machine, and its own processor time is left out.',
  'SIP: servers differ: behind the card they are ours (TypeScript), since they ask the switch processor for VIDs; behind nftables and Kamailio they are SIPp.',
  'SIP: nftables pins a client’s socket, knows no call, and was given a socket for each call; what the kernel takes for it is not counted.',
  'Processor time of the switch processor is that of its thread over the whole run: heartbeats, reports and set-ups are in it, as they are not in Kamailio’s.',
  'GTP: the gateways are the same program by every path. Behind nftables they have no backups, and their share of the TEIDs stays theirs: none can join, leave or fail.',
  'SIPp reads its clock when the kernel’s ticks, every few milliseconds: times are means, and small ones say little.',
  'Client, servers and everything between share the processors of one machine.',
];

export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [low] = sorted;
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return null;
  return {
    median: sorted[Math.floor((sorted.length - 1) / 2)] ?? low,
    low,
    high,
    runs: sorted.length,
  };
}

/** Whether every session that was asked for came and ended well, and no packet of theirs was lost. */
export function isClean({ counts }: LiveRun, calls: number): boolean {
  return counts.failed === 0 && counts.succeeded === calls;
}

/** @param runs all runs of one path; those at `rate` are the rounds. */
export function summarise(
  path: PathName,
  runs: readonly LiveRun[],
  rate: number,
  callsAt: (rate: number) => number,
): LivePath {
  const base = runs.filter((run) => run.rate === rate);
  const some = (value: (run: LiveRun) => number | null) =>
    spreadOf(base.map(value).filter((one) => one !== null));
  const rates = [...new Set(runs.map((run) => run.rate))];
  const clean = rates.filter((one) =>
    runs.filter((run) => run.rate === one).every((run) => isClean(run, callsAt(one))),
  );
  const sessions = (run: LiveRun) => Math.max(1, run.counts.attempted);
  return {
    path,
    what: WHAT[path],
    callsPerSecond: clean.length > 0 ? Math.max(...clean) : null,
    failed: some((run) => run.counts.failed),
    retransmissions: some((run) => run.counts.retransmissions),
    answerMs: some((run) => (run.answerMs.length > 0 ? quantilesOf(run.answerMs).mean : null)),
    softwarePackets: some((run) => run.met.packets / sessions(run)),
    cpuUsPerPacket: some((run) =>
      run.met.cpuNs === null ? null : run.met.cpuNs / 1000 / Math.max(1, run.packets),
    ),
  };
}
