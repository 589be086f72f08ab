/** nftables in a namespace of its own: every frame meets the rules, and they cost something. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { gtpFrames, teidOf } from '../../../host/compare/cost/frames.ts';
import { measureNftables } from '../../../host/router/kernel/nftables.ts';

const teids = Array.from({ length: 64 }, (_, n) => teidOf(n * 997, 65_536));
const PROBE = 'nft add table netdev t && ip link add vl0 type veth peer name vl1';
const here = spawnSync('unshare', ['--net', 'sh', '-c', PROBE]).status === 0;

describe.runIf(here)('nftables', () => {
  it('is measured round by round', { timeout: 60_000 }, async () => {
    const costs = await measureNftables(gtpFrames(teids), { count: 500, rounds: 2 });
    expect(Object.entries(costs).map(([name, values]) => [name, values.length])).toEqual([
      ['bare', 2],
      ['hash', 2],
      ['rows', 2],
    ]);
    expect(
      Object.values(costs)
        .flat()
        .every((ns) => ns > 0),
    ).toBe(true);
  });

  it('says so where frames do not meet a rule', { timeout: 60_000 }, async () => {
    const frames = gtpFrames(teids).map((frame) => {
      const copy = Buffer.from(frame);
      copy.writeUInt16BE(9, 36); // another port
      return copy;
    });
    await expect(measureNftables(frames, { count: 10, rounds: 1 })).rejects.toThrow(
      'hash: not all frames met the rule',
    );
  });
});
