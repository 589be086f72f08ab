/** The live comparison's arithmetic and words. */
import { describe, expect, it } from 'vitest';
import { byeTimes } from '../../../host/cli/compare/live/load.ts';
import {
  LIMITS,
  type LiveReport,
  type LiveRun,
  SCHEMA,
  spreadOf,
  summarise,
} from '../../../host/cli/compare/live/rounds.ts';
import { livePage, liveText } from '../../../host/cli/compare/live/text.ts';

const run = (rate: number, failed: number, answerMs: number[], packets = 30): LiveRun => ({
  path: 'punt',
  rate,
  counts: {
    ...{ attempted: 10 * rate, succeeded: 10 * rate - failed, failed },
    ...{ retransmissions: 0, current: 0, causes: {} },
  },
  answerMs,
  packets: 30,
  met: { packets, cpuNs: 6_000_000 },
});

describe('live runs', () => {
  it('read the times of BYEs alone', () => {
    expect(byeTimes('Date_ms;response_time_ms;rtd_name\n1;2.5;invite\n2;4;bye\n3;x;bye\n')).toEqual(
      [4],
    );
  });

  it('have a spread', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3, runs: 3 });
    expect(spreadOf([])).toBeNull();
  });

  const callsAt = (rate: number) => 10 * rate;
  it('come to a rate without failure, and to what a session cost', () => {
    const runs = [run(1, 0, [4, 8]), run(1, 0, [2]), run(2, 0, [1]), run(4, 1, [9])];
    expect(summarise('punt', runs, 1, callsAt)).toMatchObject({
      callsPerSecond: 2,
      failed: { median: 0, high: 0, runs: 2 },
      answerMs: { low: 2, high: 6 },
      softwarePackets: { median: 3 },
      cpuUsPerPacket: { median: 200 },
    });
    const never = summarise('punt', [run(1, 1, [])], 1, callsAt);
    expect(never).toMatchObject({ callsPerSecond: null, failed: { median: 1 }, answerMs: null });
  });

  it('are told, and so is what was left out', () => {
    const clean = summarise('card', [run(1, 0, [4])], 1, callsAt);
    const report: LiveReport = {
      ...{ schema: SCHEMA, date: '2026-01-02', rate: 1, calls: 10, rounds: 1, limits: LIMITS },
      paths: [
        clean,
        { ...summarise('kamailio', [], 1, callsAt), skipped: 'kamailio not installed' },
        summarise('gtp-punt', [{ ...run(1, 1, [9]), path: 'gtp-punt' }], 1, callsAt),
      ],
    };
    const text = liveText(report);
    expect(text).toMatch(/card +│ 0 \(0 to 0\) +│/);
    expect(text).toMatch(/GTP: 10 contexts[\s\S]*gtp-punt +│ 1 \(1 to 1\) +│[\s\S]*│ +none/);
    expect(text).toMatch(/SIP, Kamailio.*: left out, kamailio not installed/);
    expect(text.indexOf('SIP: 10 calls')).toBe(0);
    expect(livePage(report, 'a machine')).toContain('| card | 0 (0 to 0) |');
  });
});
