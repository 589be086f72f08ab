/** What the demo of gateways has shown: the object that `--json` prints, and whether it is good. */
import type { Failover } from './traffic-watch.ts';

export interface GatewayReport {
  readonly schema: 'vidline.demo.gateway/1';
  readonly sessions: {
    readonly created: number;
    /** That their peer found gone, or that did not answer, when they were to end. */
    readonly lost: number;
  };
  /** Pings of users, and their answers; lost are those between a death and its notice. */
  readonly packets: {
    readonly sent: number;
    readonly answered: number;
    readonly lost: number;
    readonly doubled: number;
  };
  readonly failover: Failover & {
    readonly heartbeatMs: number;
    readonly misses: number;
    /** Slots of living gateways that went down. */
    readonly falseDowns: number;
  };
  readonly moves: {
    /** VIDs moved by the rebalance, by name (`vidline vid move`) and by the drain. */
    readonly rebalanced: number;
    readonly byName: number;
    readonly drained: number;
    /** Pings that were not answered while VIDs moved, and no gateway died or was given up. */
    readonly lost: number;
  };
  readonly switchProcessor: {
    /** Packets of the service that it saw, for each session. */
    readonly packetsPerSession: number;
    /** Packets of sessions among them. */
    readonly inDialog: number;
  };
  /** Of packets to each processor in the last seconds before anything was done to them. */
  readonly loadSpread: { readonly max: number; readonly mean: number };
  readonly processors: readonly {
    readonly name: string;
    readonly slot: number;
    /** Sessions that it set up, and those that it had at the end. */
    readonly created: number;
    readonly sessions: number;
    /** Packets that the card sent to its slot. */
    readonly packets: number;
  }[];
  /** Why the demo is no success, in words; empty: it is one. */
  readonly problems: readonly string[];
}

/** A set-up is one packet; repetitions of some are no fault of anybody's on a busy machine. */
const MOST_PER_SESSION = 1.1;
/** A flat load: the busiest over the mean. */
const MOST_SPREAD = 1.5;

export function judgeGateways(report: Omit<GatewayReport, 'problems'>, wanted: number): string[] {
  const { sessions, packets, failover, moves, switchProcessor, loadSpread } = report;
  const problems: string[] = [];
  const expect = (good: boolean, words: string) => {
    if (!good) problems.push(words);
  };
  expect(sessions.created === wanted, `${sessions.created} of ${wanted} sessions were set up`);
  expect(sessions.lost === 0, `${sessions.lost} sessions were lost`);
  expect(packets.answered > 0, 'no ping was answered');
  expect(packets.doubled === 0, `${packets.doubled} answers came twice`);
  expect(failover.detectMs !== null, 'the card did not notice the death of a gateway');
  expect(failover.firstPacketMs !== null, 'no packet reached a backup');
  expect(
    (failover.packetsToDeadSlot ?? 0) === 0, // not counted: nobody noticed, which is said already
    `${failover.packetsToDeadSlot} packets went to the dead slot after it was down`,
  );
  expect(moves.rebalanced > 0, 'the rebalance moved nothing');
  expect(moves.byName > 0, 'a VID could not be moved by name');
  expect(moves.drained > 0, 'the drain moved nothing');
  expect(moves.lost === 0, `${moves.lost} pings were lost while VIDs moved`);
  expect(
    switchProcessor.inDialog === 0,
    `${switchProcessor.inDialog} packets of sessions were punted`,
  );
  expect(
    switchProcessor.packetsPerSession <= MOST_PER_SESSION,
    `the switch processor saw ${switchProcessor.packetsPerSession.toFixed(2)} packets a session`,
  );
  const spread = loadSpread.max / Math.max(1e-9, loadSpread.mean);
  expect(spread <= MOST_SPREAD, `the busiest gateway had ${spread.toFixed(2)} times the mean`);
  return problems;
}

const count = (value: number): string => value.toLocaleString('en-US');
const ms = (value: number | null): string => (value === null ? 'never' : `${value.toFixed(0)} ms`);

/** For people, as lines. */
export function renderGateways(report: GatewayReport): string[] {
  const { sessions, packets, failover, moves, switchProcessor, loadSpread } = report;
  const spread = loadSpread.max / Math.max(1e-9, loadSpread.mean);
  return [
    `sessions    ${count(sessions.created)} set up, ${count(sessions.lost)} lost; ` +
      `${switchProcessor.packetsPerSession.toFixed(2)} packets of each through the switch processor`,
    `pings       ${count(packets.sent)} sent, ${count(packets.answered)} answered, ` +
      `${count(packets.lost)} lost, ${count(packets.doubled)} answered twice`,
    `load        the busiest gateway had ${spread.toFixed(2)} times the mean`,
    `moves       ${moves.rebalanced} VIDs rebalanced, ${moves.byName} by name, ${moves.drained} drained, ` +
      `${moves.lost} pings lost meanwhile`,
    `failover    heartbeat ${failover.heartbeatMs} ms × ${failover.misses}; noticed after ` +
      `${ms(failover.detectMs)}, first packet at a backup after ${ms(failover.firstPacketMs)}, ` +
      `${failover.packetsToDeadSlot ?? 'unknown how many'} to the dead slot, ${failover.falseDowns} false downs`,
    '',
    ...report.processors.map(
      ({ name, slot, created, sessions: now, packets: sent }) =>
        `${name.padEnd(6)} slot ${slot}  set up ${String(created).padStart(5)}  ` +
        `had at the end ${String(now).padStart(5)}  packets ${String(sent).padStart(8)}`,
    ),
    '',
    report.problems.length === 0
      ? 'good: every session lived on, and nothing of a session went to the switch processor'
      : report.problems.map((problem) => `NOT GOOD: ${problem}`).join('\n'),
  ];
}
