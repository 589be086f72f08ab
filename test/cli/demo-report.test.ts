import { describe, expect, test } from 'vitest';
import type { Count, CounterSnapshot, EndCount } from '../../driver/index.ts';
import { type Decision, ORIGIN, REASON } from '../../driver/index.ts';
import { explain } from '../../host/cli/demo/explain.ts';
import { demoOptions } from '../../host/cli/demo/options.ts';
import { type DemoReport, judge } from '../../host/cli/demo/report.ts';
import { progressLine, renderSummary, renderTable, Screen } from '../../host/cli/demo/screen.ts';
import { type Observed, summarise } from '../../host/cli/demo/summarise.ts';

const packets = (count: number): Count => ({ packets: BigInt(count), bytes: 0n });
const none = packets(0);
const ruled = { policed: none, hostShare: none };

function end(origin: EndCount['origin'], reason: EndCount['reason'], of: string, count: number) {
  return { origin, reason, end: of, ...packets(count) } as EndCount;
}

/** Ten calls of three packets each way, over one ARP and two control messages. */
function observed(change: Partial<CounterSnapshot> = {}): Observed {
  return {
    network: 'namespaces',
    calls: {
      attempted: 10,
      succeeded: 10,
      failed: 0,
      retransmissions: 0,
      current: 0,
      causes: {},
    },
    counters: {
      number: 1,
      inFlight: 0,
      held: 0,
      received: { line: 31n, slot: 32n, host: 13n },
      ends: [
        end('line', 'steer_active', 'steer', 20),
        end('line', 'punt_setup', 'punt', 10),
        end('line', 'punt_neighbour', 'punt', 1),
        end('slot', 'line_from_slot', 'line', 30),
        end('slot', 'host_control', 'host', 2),
        end('host', 'inject_slot', 'slot', 10),
        end('host', 'inject_fabric', 'slot', 2),
        end('host', 'inject_line', 'line', 1),
      ],
      slots: [
        { sent: packets(18), received: none },
        { sent: packets(14), received: none },
      ],
      rules: [
        { ...ruled, punted: packets(10), others: none },
        { ...ruled, punted: none, others: packets(20) },
      ],
      ports: [{ received: none, sent: none, lost: 0n }],
      mirrored: { copied: none, refused: none },
      latency: [],
      ...change,
    },
    statistics: {
      clocks: 5000,
      wallSeconds: 1,
      busySeconds: 1,
      ports: [],
      host: { framesIn: 0, bytesIn: 0, framesOut: 0, bytesOut: 0 },
      unattached: 0,
    },
    rules: [{ identifies: false }, { identifies: true }],
    punted: { inDialog: 0 },
    processors: [
      { name: 'sip-1', slot: 0, vids: 16, calls: 6 },
      { name: 'sip-2', slot: 1, vids: 16, calls: 4 },
    ],
    card: { configuration: 'sim', dataWidth: 64, build: 'cafe0001' },
  };
}

describe('the report', () => {
  test('puts together what each part knows', () => {
    const report = summarise(observed());
    expect(report).toMatchObject({
      schema: 'vidline.demo/1',
      packets: { lineIn: 31, steered: 20, punted: 11, injected: 13, toLine: 31, dropped: {} },
      inDialog: { packets: 20, punted: 0 },
      processors: [
        { slot: 0, vids: 16, calls: 6, packets: 18 },
        { slot: 1, vids: 16, calls: 4, packets: 14 },
      ],
      card: { configuration: 'sim', clocks: 5000, dataWidth: 64, build: 'cafe0001' },
      lost: {},
    });
    expect(judge(report, 10)).toEqual([]);
  });

  test('counts an in-dialog punt that only one of card and switch processor saw', () => {
    const fromCard = summarise(
      observed({
        rules: [
          { ...ruled, punted: packets(10), others: none },
          { ...ruled, punted: packets(1), others: packets(19) },
        ],
      }),
    );
    expect(fromCard.inDialog).toEqual({ packets: 20, punted: 1 });
    expect(judge(fromCard, 10)).toEqual([expect.stringMatching(/^1 in-dialog packets went/)]);
    const fromSwitch = summarise({ ...observed(), punted: { inDialog: 2 } });
    expect(fromSwitch.inDialog.punted).toBe(2);
  });

  test('names drops by reason and losses by port', () => {
    const report = summarise(
      observed({
        received: { line: 34n, slot: 33n, host: 13n },
        ends: [
          ...observed().counters.ends,
          end('line', 'no_service', 'drop', 3),
          end('slot', 'source_epoch', 'drop', 1),
        ],
        ports: [{ received: none, sent: none, lost: 7n }],
      }),
    );
    expect(report.packets.dropped).toEqual({ no_service: 3, source_epoch: 1 });
    expect(report.lost).toEqual({ 'port 0 receive buffer': 7 });
    expect(judge(report, 10)).toEqual([]); // drops are no fault of the card
  });

  const good = summarise(observed());
  const calls = (change: Partial<DemoReport['calls']>) => ({
    ...good,
    calls: { ...good.calls, ...change },
  });
  test.each([
    ['a failed call', calls({ succeeded: 9, failed: 1 }), /1 calls failed/],
    ['a call without an end', calls({ succeeded: 9 }), /1 calls came to no end/],
    [
      'calls that were not made',
      calls({ attempted: 9, succeeded: 9 }),
      /9 calls were made, not 10/,
    ],
    ['no calls', calls({ attempted: 0, succeeded: 0 }), /no call was made/],
    [
      'too few in-dialog packets',
      { ...good, inDialog: { packets: 19, punted: 0 } },
      /19 in-dialog/,
    ],
    [
      'calls that no processor knows of',
      { ...good, processors: good.processors.slice(1) },
      /know of 4 calls, the client of 10/,
    ],
    [
      'a packet without an end',
      summarise(observed({ received: { line: 32n, slot: 32n, host: 13n } })),
      /1 packets have had no end/,
    ],
    [
      'a packet with two ends',
      summarise(observed({ received: { line: 30n, slot: 32n, host: 13n } })),
      /received 30 packets from line and ended 31/,
    ],
  ])('is not good with %s', (_, report, problem) => {
    expect(judge(report, 10).join('\n')).toMatch(problem);
  });

  test('balances with packets in flight', () => {
    const report = summarise(
      observed({ received: { line: 33n, slot: 32n, host: 13n }, inFlight: 2 }),
    );
    expect(judge(report, 10)).toEqual([]);
  });
});

describe('what is shown', () => {
  const view = {
    seconds: 2.5,
    wanted: 10,
    rate: 5,
    current: 0,
    begun: 10,
    report: summarise(observed()),
  };

  test('the table has calls, packets by end, and each processor with its share', () => {
    const text = renderTable(view).join('\n');
    expect(text).toMatch(/^calls +10 +10 +0 +0 +0$/m);
    expect(text).toMatch(
      /^packets +received +steered +punted +to line +to slots +to host +dropped$/m,
    );
    expect(text).toMatch(/^from the line +31 +20 +11 +0$/m);
    expect(text).toMatch(/^from processors +32 +30 +0 +2 +0$/m);
    expect(text).toMatch(/^injected +13 +0 +0 +1 +12 +0$/m);
    expect(text).toMatch(/^in-dialog: 20 packets, 0 of them punted$/m);
    expect(text).toMatch(/^a call: 1\.10 packets through the switch processor, 2\.00 steered/m);
    expect(text).toMatch(/sip-1 +0 +16 +6 +60\.0 % +18/);
    expect(text).not.toContain('\x1b');
  });

  test('the table fits 80 columns, and has drops and losses only where there are any', () => {
    const many = { line: 999_999n, slot: 999_999n, host: 999_999n };
    const report = {
      ...summarise(observed({ received: many })),
      lost: { 'port 0 kernelDrops': 5 },
    };
    const lines = renderTable({ ...view, report });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines).toContain('lost: port 0 kernelDrops 5');
    expect(renderTable(view).join('\n')).not.toMatch(/lost|dropped:/);
  });

  test('the summary has the equation and the verdict', () => {
    const text = renderSummary(view, ['3 calls failed']).join('\n');
    expect(text).toMatch(/line +31 = steer 20 \+ punt 11/);
    expect(text).toMatch(/slot +32 = host 2 \+ line 30/);
    expect(text).toMatch(/NOT GOOD: 3 calls failed/);
    expect(text).not.toMatch(/^good/m);
    expect(renderSummary(view, []).at(-1)).toMatch(/^good/);
  });

  test('a log gets one line', () => {
    expect(progressLine(view)).toBe(
      '   3 s, calls 10 of 10, failed 0, steered 20, punted 11, dropped 0',
    );
  });

  test('a terminal is written over, and lines are cut to its width', () => {
    let written = '';
    const out = { columns: 11, write: (text: string) => (written += text) };
    const screen = new Screen(out as unknown as NodeJS.WriteStream);
    screen.draw(['0123456789abc', 'x']);
    expect(written).toBe('0123456789\x1b[K\nx\x1b[K\n\x1b[J');
    written = '';
    screen.draw(['y']);
    expect(written).toBe('\x1b[2A\ry\x1b[K\n\x1b[J');
    written = '';
    screen.clear();
    screen.clear();
    expect(written).toBe('\x1b[1A\r\x1b[J');
  });
});

describe('the comment of a captured frame', () => {
  const names = { rules: ['sip/initial', 'sip/dialog'], ports: ['line0', 'fabric0', 'fabric1'] };
  const decision: Decision = {
    reason: REASON.steer_backup,
    origin: ORIGIN.line,
    ingress: 0,
    egress: 2,
    fragment: 0,
    quoted: 0,
    rule_hit: 1,
    rule: 1,
    key_valid: 1,
    key: 20005n,
    vid_valid: 1,
    vid: 5,
    override_hit: 0,
    row_active: 0,
    row_backup: 1,
    row_in_sync: 1,
    row_valid: 1,
    slot_valid: 1,
    slot: 1,
    epoch: 3,
    length: 400,
    time_us: 17n,
  };

  test('has rule, key, VID, row, slot, epoch, end and why', () => {
    expect(explain(decision, names)).toBe(
      'line0 (line) → fabric1: steer_backup (steer). rule 1 sip/dialog, key 20005 (0x4e25), VID 5, ' +
        'row active 0 backup 1 in sync, slot 1 epoch 3. To the backup slot of its VID: the active ' +
        'one is down, the backup is in sync.',
    );
  });

  test('does not say what was not looked at', () => {
    const nothing = { rule_hit: 0, key_valid: 0, vid_valid: 0, row_valid: 0, slot_valid: 0 };
    const dropped = { ...decision, ...nothing, reason: REASON.runt };
    expect(explain(dropped, names)).toBe(
      'line0 (line) → nowhere: runt (drop). Shorter than an Ethernet header.',
    );
    const noRow = {
      ...decision,
      row_valid: 0,
      slot_valid: 0,
      reason: REASON.punt_no_row,
      egress: 8,
    };
    expect(explain(noRow, names)).toMatch(/VID 5, no row\. The VID is not assigned\.$/);
    expect(explain({ ...decision, reason: 63 }, names)).toMatch(/reason 63 is not in/);
  });
});

describe("the demo's options", () => {
  test('20 seconds of calls unless told otherwise', () => {
    expect(demoOptions({})).toEqual({
      rate: 500,
      calls: 10_000,
      processors: 4,
      json: false,
      memory: false,
    });
    expect(demoOptions({ rate: '50' }).calls).toBe(1000);
  });

  test.each([
    [{ rate: '0' }, /--rate 0: .*1 to/],
    [{ rate: '1.5' }, /--rate 1\.5/],
    [{ calls: 'many' }, /--calls many/],
    [{ processors: '8' }, /--processors 8: .*1 to 7/],
  ])('refuses %j in words', (given, message) => {
    expect(() => demoOptions(given)).toThrow(message);
  });
});
