/** `vidline compare --live` as it is typed: the same calls by every path that this machine has. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isGtp } from '../../host/cli/compare/live/path.ts';
import type { LiveReport } from '../../host/cli/compare/live/rounds.ts';
import { cageHere } from './cage-here.ts';

const COMMAND = fileURLToPath(new URL('../../host/cli/vidline.mjs', import.meta.url));

interface Ran {
  readonly status: number;
  readonly stdout: string;
}

function live(...words: string[]): Promise<Ran> {
  const all = [COMMAND, 'compare', '--live', ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, all, (error, stdout) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout });
    });
  });
}

const possible = await cageHere();

describe.runIf(possible)('vidline compare --live', () => {
  it('makes the same calls by every path, and says what met software', {
    timeout: 400_000,
  }, async () => {
    const ran = await live('--quick', '--rounds', '1', '--rate', '10', '--json');
    const report = JSON.parse(ran.stdout) as LiveReport;
    expect(report).toMatchObject({
      schema: 'vidline.compare-live/1',
      rate: 10,
      calls: 20,
      rounds: 1,
    });
    expect(report.paths.map(({ path }) => path)).toEqual([
      ...['card', 'punt', 'nftables', 'kamailio'],
      ...['gtp-card', 'gtp-punt', 'gtp-nftables'],
    ]);
    for (const path of report.paths) {
      if (path.skipped !== undefined) {
        expect(path.skipped).toMatch(/not installed/);
        continue;
      }
      expect(path.failed, path.path).toMatchObject({ median: 0, runs: 1 });
      expect(path.callsPerSecond).toBe(10);
      // INVITE alone where the card steers, INVITE, ACK and BYE elsewhere; ARP comes on top. For GTP the
      // create request alone, or that, the delete request, and four pings there and back.
      const packets = path.softwarePackets?.median ?? 0;
      if (path.path === 'card' || path.path === 'gtp-card') expect(packets).toBeLessThan(2);
      else expect(packets).toBeGreaterThanOrEqual(isGtp(path.path) ? 6 : 3);
    }
    expect(ran.status).toBe(0);
  });

  it('wants a capture and services, or that', async () => {
    const words = [COMMAND, 'compare'];
    const ran = await new Promise<number>((resolve) => {
      execFile(process.execPath, words, (error) => resolve(Number(error?.code ?? 0)));
    });
    expect(ran).toBe(2);
    expect((await live('--rate', 'x')).status).toBe(2);
  });
});
