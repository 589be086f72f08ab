import { describe, expect, it } from 'vitest';
import { defaultMisses, gatewayDemoOptions } from '../../host/cli/demo/gateway-command.ts';
import { drawPicture } from '../../host/cli/demo/gateway-picture.ts';
import {
  type GatewayReport,
  judgeGateways,
  renderGateways,
} from '../../host/cli/demo/gateway-report.ts';
import { TrafficWatch } from '../../host/cli/demo/traffic-watch.ts';
import { encodeDecision } from '../host/reference-card.ts';

const GOOD: GatewayReport = {
  schema: 'vidline.demo.gateway/1',
  sessions: { created: 400, lost: 0 },
  packets: { sent: 1000, answered: 990, lost: 10, doubled: 0 },
  failover: {
    ...{ heartbeatMs: 20, misses: 5, detectMs: 99, firstPacketMs: 101 },
    ...{ packetsToDeadSlot: 0, falseDowns: 0 },
  },
  moves: { rebalanced: 14, byName: 1, drained: 16, lost: 0 },
  switchProcessor: { packetsPerSession: 1, inDialog: 0 },
  loadSpread: { max: 102, mean: 100 },
  processors: [{ name: 'gw-1', slot: 0, created: 400, sessions: 390, packets: 2000 }],
  problems: [],
};

describe('the report of the demo of gateways', () => {
  it('is good when nothing is lost but what was under way at a death', () => {
    expect(judgeGateways(GOOD, 400)).toEqual([]);
    expect(renderGateways(GOOD).at(-1)).toMatch(/^good/);
  });

  it.each<[string, Partial<GatewayReport>, RegExp]>([
    ['a session is lost', { sessions: { created: 400, lost: 1 } }, /1 sessions were lost/],
    ['some were not set up', { sessions: { created: 399, lost: 0 } }, /399 of 400/],
    ['an answer came twice', { packets: { ...GOOD.packets, doubled: 2 } }, /2 answers came twice/],
    ['nothing was answered', { packets: { ...GOOD.packets, answered: 0 } }, /no ping/],
    [
      'the card noticed nothing',
      { failover: { ...GOOD.failover, detectMs: null } },
      /did not notice/,
    ],
    [
      'no backup got a packet',
      { failover: { ...GOOD.failover, firstPacketMs: null } },
      /no packet reached a backup/,
    ],
    [
      'the dead slot got one',
      { failover: { ...GOOD.failover, packetsToDeadSlot: 1 } },
      /1 packets went to the dead slot/,
    ],
    [
      'moves lost pings',
      { moves: { ...GOOD.moves, lost: 3 } },
      /3 pings were lost while VIDs moved/,
    ],
    [
      'nothing moved',
      { moves: { rebalanced: 0, byName: 0, drained: 0, lost: 0 } },
      /rebalance moved nothing; .*moved by name; .*drain moved nothing/,
    ],
    [
      'a session was punted',
      { switchProcessor: { packetsPerSession: 1, inDialog: 1 } },
      /1 packets of sessions/,
    ],
    [
      'set-ups were punted over and over',
      { switchProcessor: { packetsPerSession: 2, inDialog: 0 } },
      /2\.00 packets a session/,
    ],
    ['the load was not flat', { loadSpread: { max: 200, mean: 100 } }, /2\.00 times the mean/],
  ])('is not where %s', (_, change, words) => {
    const problems = judgeGateways({ ...GOOD, ...change }, 400);
    expect(problems.join('; ')).toMatch(words);
    expect(renderGateways({ ...GOOD, ...change, problems }).join('\n')).toMatch(/NOT GOOD/);
  });

  it('says null of what it does not know: of a death that nobody noticed', () => {
    const unknown = new TrafficWatch().failover(2, 100n, undefined);
    expect(JSON.parse(JSON.stringify(unknown))).toEqual({
      ...{ detectMs: null, firstPacketMs: null, packetsToDeadSlot: null },
    });
    const failover = { ...GOOD.failover, ...unknown };
    expect(judgeGateways({ ...GOOD, failover }, 400)).toEqual([
      'the card did not notice the death of a gateway',
      'no packet reached a backup',
    ]);
    expect(renderGateways({ ...GOOD, failover }).join('\n')).toContain(
      'noticed after never, first packet at a backup after never, unknown how many to the dead slot',
    );
  });

  it('counts from the kill, and what went to the dead slot from the notice on', () => {
    const watch = new TrafficWatch();
    const steered = ([at, slot]: readonly [number, number], sequence: number) => {
      const decision = { reason: 0, slot, vid: 7, time_us: BigInt(at) }; // `steer_active`
      return { sequence, decisionClock: 0, decision: encodeDecision(decision as never) };
    };
    const packets = [
      [50, 2],
      [150, 2],
      [250, 3],
      [260, 2],
    ] as const; // card microseconds, slot
    watch.take(packets.map(steered));
    expect(watch.busiestVid()).toBe(7);
    expect(watch.failover(2, 100n, 200n)).toEqual({
      ...{ detectMs: 0.1, firstPacketMs: 0.15, packetsToDeadSlot: 1 },
    });
  });

  it('draws a line for each, with marks, and words that are no markup', () => {
    const series = [
      { name: 'gw-1', values: [0, 10, 20] },
      { name: 'a<b', values: [5, 5, 5] },
    ];
    const drawn = drawPicture('a & b', series, [{ at: 1, words: 'kill gw-1' }]);
    expect(drawn.match(/<polyline /g)).toHaveLength(2);
    expect(drawn).toContain('a &amp; b');
    expect(drawn).toContain('a&lt;b');
    // 20 is the top, 0 the bottom; each value in the middle of its second, the mark where the second begins.
    expect(drawn).toContain('points="190.0,370.0 430.0,215.0 670.0,60.0"');
    expect(drawn).toContain('x1="310.0" x2="310.0"');
    for (const unit of ['seconds', 'packets a second to each gateway']) {
      expect(drawn).toContain(`>${unit}</text>`);
    }
    expect(drawn).not.toContain('stroke-dasharray="6 3"');
    const many = Array.from({ length: 9 }, (_, n) => ({ name: `gw-${n}`, values: [n] }));
    expect(drawPicture('', many, []).match(/stroke-dasharray="6 3"/g)).toHaveLength(2);
  });
});

describe('the options of the demo of gateways', () => {
  it('have more patience where programs wait for a processor, and what was asked for where it was', () => {
    expect([0, 0.3, 0.5, 1, 5, 50].map(defaultMisses)).toEqual([5, 5, 5, 10, 50, 100]);
    expect(gatewayDemoOptions({}, 2)).toMatchObject({ heartbeat: 20, misses: 20 });
    expect(gatewayDemoOptions({ misses: '5' }, 2)).toMatchObject({ misses: 5 });
    expect(() => gatewayDemoOptions({ misses: '1' })).toThrow(/from 2 to 100/);
  });
});
