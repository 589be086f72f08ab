import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../check-demo.ts', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vidline-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a demo of ten calls on two processors puts out. */
const report = () => ({
  schema: 'vidline.demo/1',
  network: 'namespaces',
  calls: { attempted: 10, succeeded: 10, failed: 0, retransmissions: 0 },
  packets: { lineIn: 31, steered: 20, punted: 11, injected: 18, toLine: 31, dropped: {} },
  inDialog: { packets: 20, punted: 0 },
  processors: [
    { name: 'sip-1', slot: 0, vids: 16, calls: 5, packets: 15 },
    { name: 'sip-2', slot: 1, vids: 16, calls: 5, packets: 15 },
  ],
  card: { configuration: 'sim', dataWidth: 64, build: '5d44db02', clocks: 786555 },
  accounting: {
    line: { received: 31, ends: { steer: 20, punt: 11, host: 0, slot: 0, line: 0, drop: 0 } },
    slot: { received: 38, ends: { steer: 0, punt: 0, host: 8, slot: 0, line: 30, drop: 0 } },
    host: { received: 18, ends: { steer: 0, punt: 0, host: 0, slot: 17, line: 1, drop: 0 } },
    inFlight: 0,
  },
  lost: {},
  problems: [],
});

type Report = ReturnType<typeof report>;

function check(change: (report: Report) => void, ...network: string[]) {
  const changed = report();
  change(changed);
  const file = join(folder, 'report.json');
  writeFileSync(file, `${JSON.stringify(changed)}\n`);
  const args = ['--import', 'tsx', script, file, '10', '2', ...network];
  const done = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status: done.status, said: done.stderr };
}

describe('the check of what the demo puts out', () => {
  test('finds nothing in a good report', () => {
    expect(check(() => {})).toEqual({ status: 0, said: '' });
    expect(check((good) => Object.assign(good, { network: 'memory' }), 'memory')).toEqual({
      status: 0,
      said: '',
    });
  });

  test('counts what is in flight as not lost', () => {
    const result = check(({ accounting }) => {
      accounting.slot.received += 2;
      accounting.inFlight = 2;
    });
    expect(result).toEqual({ status: 0, said: '' });
  });

  test.each<[string, (report: Report) => void, RegExp]>([
    ['a call that failed', ({ calls }) => void calls.failed++, /no call failed/],
    [
      'a packet without an end',
      ({ accounting }) => void accounting.line.received++,
      /1 packets .* no end .* 0 in flight/,
    ],
    [
      'an end without a packet, even where another side makes up for it',
      ({ accounting }) => {
        accounting.host.ends.line++;
        accounting.line.received++;
      },
      /from host no more ends than packets/,
    ],
    [
      'an account without one of its sides',
      (bad) => Object.assign(bad.accounting, { slot: undefined }),
      /an account of what came from slot/,
    ],
    [
      'no account',
      (bad) => Object.assign(bad, { accounting: undefined }),
      /an account of what came from line/,
    ],
    [
      'ports in memory where real ones were asked for',
      (bad) => Object.assign(bad, { network: 'memory' }),
      /the network is namespaces; it says "memory"/,
    ],
  ])('finds %s', (_, change, words) => {
    const result = check(change);
    expect(result.status).toBe(1);
    expect(result.said).toMatch(words);
  });

  test('finds real interfaces where ports in memory were asked for', () => {
    expect(check(() => {}, 'memory')).toMatchObject({
      status: 1,
      said: expect.stringMatching(/the network is memory; it says "namespaces"/),
    });
  });
});
