import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../../sim/index.ts';
import { cageHere } from '../../cli/cage-here.ts';

const fixture = fileURLToPath(new URL('fixtures/live-failover.ts', import.meta.url));
const possible = await cageHere();

interface Fault {
  readonly what: string;
  readonly cause: string;
  /** Sessions whose count went back. */
  readonly lost: number;
  /** Answers of processors without the session's state, so far. */
  readonly none: number;
  /** Other processors that were given up meanwhile: a busy machine. */
  readonly falseDowns: number;
  /** VIDs that it had again in the end. */
  readonly home: number;
}

describe.runIf(possible)('processors that are programs, behind a card in real time', () => {
  let result: {
    report: Fault[];
    sent: number;
    answered: number;
    none: number;
    doubled: number;
    failures: string[];
  };

  beforeAll(async () => {
    await ensureBuilt({ configuration: 'sim' });
    const args = ['--import', 'tsx', fixture];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
    result = JSON.parse(stdout);
    const falseDowns = result.report.reduce((sum, fault) => sum + fault.falseDowns, 0);
    process.stderr.write(
      `live failover: ${result.sent} packets, ${result.answered} answered, ` +
        `${falseDowns} false downs\n`,
    );
  }, 300_000);

  it('are killed, stopped, hung and cut off: each is noticed, and comes back to all its VIDs', () => {
    expect(result.report.map(({ what }) => what)).toEqual([
      'kill -9',
      'stop and go on',
      'hang of the worker',
      'link down',
    ]);
    for (const { cause, home } of result.report) {
      expect(['heartbeat', 'link']).toContain(cause);
      expect(home).toBe(4);
    }
  });

  it('lose no session, and none is served without its state or twice', () => {
    expect(result.report.map(({ lost }) => lost)).toEqual([0, 0, 0, 0]);
    expect(result).toMatchObject({ none: 0, doubled: 0, failures: [] });
    expect(result.answered).toBeGreaterThan(result.sent / 2);
  });
});
