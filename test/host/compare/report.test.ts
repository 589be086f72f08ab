/** What a comparison says: its arithmetic, its words, its page. */
import { describe, expect, it } from 'vitest';
import { comparisonText } from '../../../host/cli/compare/text.ts';
import { gtpFrames, SHORTEST, TEID_AT, teidOf } from '../../../host/compare/cost/frames.ts';
import {
  distribution,
  quantilesOf,
  quantilesOfCounts,
} from '../../../host/compare/cost/quantiles.ts';
import { costOfRouter } from '../../../host/compare/cost/router-cost.ts';
import { costBySessions, gtpRouter } from '../../../host/compare/cost/sessions.ts';
import { renderPage } from '../../../host/compare/report/page.ts';
import {
  beatsOf,
  lineRate,
  pictures,
  sessionsText,
} from '../../../host/compare/report/pictures.ts';
import { type CompareReport, SCHEMA } from '../../../host/compare/report/report.ts';

describe('numbers', () => {
  it('quantiles are values by nearest rank', () => {
    const values = Array.from({ length: 1000 }, (_, n) => 1000 - n);
    expect(quantilesOf(values)).toEqual({
      samples: 1000,
      mean: 500.5,
      p50: 500,
      p99: 990,
      p999: 999,
    });
    expect(quantilesOf([7])).toMatchObject({ p50: 7, p99: 7, p999: 7 });
    expect(() => quantilesOf([])).toThrow(RangeError);
    const counts = new Map(values.map((value) => [value, 1]));
    expect(quantilesOfCounts(counts)).toEqual(quantilesOf(values));
    const uneven = new Map([
      [9, 1],
      [2, 98],
      [5, 1],
    ]);
    expect(quantilesOfCounts(uneven)).toEqual({ samples: 100, mean: 2.1, p50: 2, p99: 5, p999: 9 });
    expect(() => quantilesOfCounts(new Map())).toThrow(RangeError);
    const points = distribution(values, 20);
    expect(points[0]).toEqual({ value: 1, share: 0 });
    expect(points.at(-1)).toEqual({ value: 999, share: 0.999 });
    expect(points.every(({ value, share }) => Math.abs(value - 1000 * share) <= 1)).toBe(true);
  });

  it('a wire brings what Ethernet allows', () => {
    // IEEE 802.3: 64 bytes, 8 of preamble, 12 of gap.
    expect(lineRate(10, 64)).toBeCloseTo(14.88, 2);
    expect(lineRate(100, 1518)).toBeCloseTo(8.13, 2);
    expect([64, 68, 69, 1518].map((length) => beatsOf(length, 512))).toEqual([1, 1, 2, 24]);
    expect([64, 68, 69].map((length) => beatsOf(length, 64))).toEqual([8, 8, 9]);
    // The design brief: a frame of 65 bytes without FCS at 100 Gb/s wants about 281 MHz.
    expect(2 * lineRate(100, 69)).toBeCloseTo(280.9, 1);
    expect([1024, 2 ** 18, 2 ** 24, 12].map(sessionsText)).toEqual(['1 k', '256 k', '16 M', '12']);
  });
});

describe('what is measured', () => {
  it('is frames of 64 bytes, each with the TEID of a session', () => {
    const [frame] = gtpFrames([0x0005_0007]);
    expect(frame?.length).toBe(SHORTEST);
    expect(frame?.readUInt32BE(TEID_AT)).toBe(0x0005_0007);
    const teids = Array.from({ length: 1000 }, (_, session) => teidOf(session, 64));
    expect(new Set(teids).size).toBe(1000);
    expect(new Set(teids.map((teid) => teid >>> 16)).size).toBe(64);
  });

  it('does the whole job: what comes out is what should', async () => {
    const router = await gtpRouter();
    const workload = { name: 'some', frames: gtpFrames([0x0005_0007, 0, 0x0005_0007]) };
    const options = { batch: 3, samples: 100 };
    const { reasons, values, cost } = costOfRouter(router, workload, options);
    expect(reasons).toEqual({ steer_active: 200, punt_setup: 100 });
    expect(values).toHaveLength(100);
    expect(cost).toMatchObject({ samples: 100, batch: 3, caches: 'warm' });
    // With a connection table in place of rows, who is not in it is punted.
    expect(router.native.connect(Uint32Array.of(0x0005_0007))).toBeGreaterThan(0);
    expect(costOfRouter(router, workload, options).reasons).toEqual(reasons);
    router.native.connect(Uint32Array.of(9));
    expect(costOfRouter(router, workload, options).reasons).toEqual({
      punt_no_row: 200,
      punt_setup: 100,
    });
  });

  it('takes rows and a connection table for the same sessions', async () => {
    const costs = await costBySessions({ sessions: [64, 1024], samples: 50, rounds: 2 });
    expect(costs.map(({ table, sessions, samples }) => [table, sessions, samples])).toEqual([
      ['vid rows', 64, 100],
      ['connection table', 64, 100],
      ['vid rows', 1024, 100],
      ['connection table', 1024, 100],
    ]);
    expect(costs[0]?.bytes).toBe(2 * 65_536);
    expect(costs[3]?.bytes).toBeGreaterThanOrEqual(1024 * 10);
  });
});

const COST = { samples: 9, mean: 50, p50: 50, p99: 60, p999: 70 };
const REPORT: CompareReport = {
  schema: SCHEMA,
  date: '2026-01-02T03:04:05Z',
  command: 'vidline compare <x>.pcap',
  capture: '<x>.pcap',
  services: ['gtp'],
  frames: 12,
  mismatches: 11,
  cut: 1,
  lackedRoom: 2,
  ends: [{ end: 'steer', reason: 'steer_active', frames: 11 }],
  examples: [
    {
      frame: 4,
      differences: ['vid', 'slot'],
      hex: 'c0ffee',
      engines: {
        rtl: reasoning(5, 'aa'),
        cpp: reasoning(6, null),
        typescript: reasoning(5, 'aa'),
      },
    },
  ],
  engines: {
    rtl: {
      what: 'RTL: it.',
      configuration: 'sim',
      dataWidth: 64,
      clock: { board: 'b', part: 'p', build: '00000000', current: true, mhz: 62.5 },
      latencyClocks: { ...COST, max: 99 },
      clocksPerFrame: 8,
    },
    cpp: {
      what: 'C++: it.',
      costs: [{ workload: 'shortest', batch: 32, caches: 'warm', ...COST }],
      megaframesPerSecond: { shortest: 20 },
      sessions: (['vid rows', 'connection table'] as const).flatMap((table) =>
        [1024, 2 ** 20].map((sessions) => ({ table, sessions, bytes: 4096, ...COST })),
      ),
    },
    typescript: { what: 'TypeScript: it.', costs: [], megaframesPerSecond: { shortest: 0.5 } },
  },
  distributions: [{ name: 'C++', points: [{ value: 40, share: 0.5 }] }],
  machine: {
    processor: 'p',
    cores: 2,
    caches: ['L1d 48K'],
    memoryGiB: 4,
    system: 's',
    node: 'v20',
    compiler: 'g++',
    loadBefore: 0,
  },
  method: ['so'],
  limits: ['not that'],
  published: [{ what: 'theirs', value: '5', source: 'there & then' }],
};

function reasoning(vid: number, egress: string | null) {
  const none = { rule: 'gtp/user', key: '0x1', slot: 5, learned: null };
  return { end: 'steer', reason: 'steer_active', vid, egress, ...none };
}

describe('a report with a mismatch', () => {
  it('shows the frame and each side’s reasoning', () => {
    const text = comparisonText(REPORT);
    expect(text).toMatch(/^11 frames of 11 did not end alike in RTL, C\+\+ and TypeScript/);
    expect(text).toMatch(/2 fragments found no room in the card's ring/);
    expect(text).toContain('frame 4: vid, slot\n  c0ffee\n  rtl: end steer, reason steer_active');
    expect(text).toMatch(/cpp: .*vid 6/);
    expect(text).toContain('leaves as aa');
    expect(text).toContain('… and 10 more.');
  });

  it('makes times of clocks where a board stands behind them, and says computed', () => {
    const text = comparisonText(REPORT);
    expect(text).toMatch(/computed at 62\.5 MHz, ns +│.* 1,584\b/);
    expect(text).toMatch(/computed at 62\.5 MHz, ns +│ +128\b/);
    const without = { ...REPORT.engines.rtl, clock: null };
    const none = comparisonText({ ...REPORT, engines: { ...REPORT.engines, rtl: without } });
    expect(none).not.toContain('computed');
  });

  it('is one page that needs nothing else, whatever a file is called', () => {
    const page = renderPage(REPORT);
    expect(page.match(/<svg /g)).toHaveLength(4);
    expect(page).toContain('&lt;x&gt;.pcap');
    expect(page).not.toContain('<x>');
    expect(page.match(/\b(src|href)=|@import|url\((?!#)|<script/)).toBeNull();
    expect(page).toContain('What this does not show');
    expect(page).toContain('there &amp; then');
  });

  it('draws no picture of what was not measured', () => {
    const { cpp } = REPORT.engines;
    const bare = { ...cpp, costs: [], megaframesPerSecond: {}, sessions: [] };
    const report = { ...REPORT, distributions: [], engines: { ...REPORT.engines, cpp: bare } };
    expect(pictures(report).map(({ name }) => name)).toEqual(['clock']);
  });
});
