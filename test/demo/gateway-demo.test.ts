import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayReport } from '../../host/cli/demo/gateway-report.ts';
import { ensureBuilt } from '../../sim/index.ts';
import { cageHere } from '../cli/cage-here.ts';
import { killAll, nothingLeft } from '../cli/processes.ts';

const COMMAND = fileURLToPath(new URL('../../host/cli/main.ts', import.meta.url));
const MARK = 'VIDLINE_TEST_MARK';
const possible = await cageHere();

beforeAll(async () => {
  await ensureBuilt({ configuration: 'sim' });
}, 600_000);

describe.runIf(possible)('the demo of gateways', () => {
  let mark: string;
  let folder: string;

  beforeEach(() => {
    mark = randomUUID();
    folder = mkdtempSync(join(tmpdir(), 'vidline-test-'));
  });

  afterEach(() => {
    killAll(MARK, mark);
    rmSync(folder, { recursive: true });
  });

  async function run(...args: string[]) {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', COMMAND, 'demo', 'gateway', ...args],
      { env: { ...process.env, [MARK]: mark }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    const status = await new Promise((resolve) => void child.once('close', resolve));
    await nothingLeft(MARK, mark);
    return { status, ...output };
  }

  test('one joins, a VID is moved, one is drained, one is killed: no session is lost, and what moves loses nothing', async () => {
    const picture = join(folder, 'picture.svg');
    // Patience for a machine that does other things as well; what is asserted is order and loss.
    const patience = ['--heartbeat', '100', '--misses', '20'];
    const load = ['--gateways', '8', '--sessions', '96', '--rate', '120'];
    const { status, stdout, stderr } = await run(
      ...load,
      ...patience,
      '--json',
      '--picture',
      picture,
    );
    expect(status, stderr).toBe(0);
    // As a user types them, while users ping.
    expect(stderr).toMatch(
      /\$ vidline rebalance\n(.*\n)*.*\$ vidline vid move \d+ gw-\d\n(.*\n)*.*\$ vidline slot drain 1\n/,
    );
    const report: GatewayReport = JSON.parse(stdout);
    expect(report).toMatchObject({
      schema: 'vidline.demo.gateway/1',
      sessions: { created: 96, lost: 0 },
      packets: { doubled: 0 },
      failover: {
        ...{ heartbeatMs: 100, misses: 20, packetsToDeadSlot: 0 },
        ...{ detectMs: expect.any(Number), firstPacketMs: expect.any(Number) },
      },
      moves: { byName: 1, lost: 0 },
      switchProcessor: { inDialog: 0 },
      problems: [],
    });
    const { packets, moves, processors } = report;
    expect(packets.sent).toBe(packets.answered + packets.lost);
    // A gateway that joins gets VIDs of the others' and sessions with them, and sets up none itself.
    expect(processors[7]?.created).toBe(0);
    expect(processors[7]?.packets).toBeGreaterThan(0);
    expect(moves.rebalanced).toBeGreaterThan(0);
    // All of a drained one's: sixteen, but for those that the rebalance took from it.
    expect(moves.drained).toBeGreaterThan(0);
    expect(processors[1]?.sessions).toBe(0);
    const drawn = readFileSync(picture, 'utf8');
    expect(drawn.match(/<polyline /g)).toHaveLength(8);
    for (const words of ['rebalance', 'move VID', 'drain gw-2', 'kill gw-3'])
      expect(drawn).toContain(words);
  });

  test('refuses wrong options with status 2, in words', async () => {
    const { status, stderr } = await run('--gateways', '13');
    expect(status).toBe(2);
    expect(stderr).toMatch(/--gateways 13: give a whole number from 4 to 12/);
  });
});
