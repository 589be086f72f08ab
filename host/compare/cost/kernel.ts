/** What the same frames cost Linux: our program in XDP, and nftables. Left out, with a reason, where it cannot run. */

import { XDP } from '../../router/kernel/bpf.ts';
import { measureNftables } from '../../router/kernel/nftables.ts';
import { XdpPeer } from '../../router/kernel/xdp.ts';
import { sizesOf } from '../../router/software-router.ts';
import { loadServices } from '../../steering/service-file.ts';
import { layout } from '../layout.ts';
import type { KernelCost, KernelResult, Skipped } from '../report/report.ts';
import { gtpFrames, teidOf } from './frames.ts';
import { GTP } from './sessions.ts';

export interface KernelOptions {
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

export interface KernelCosts {
  readonly xdp: KernelResult | Skipped;
  readonly nftables: KernelResult | Skipped;
}

const CONFIGURATION = 'sim';
const FRAMES = 256;
const WORK = {
  quick: { repeat: 2_000, runs: 20, count: 2_000, rounds: 3 },
  full: { repeat: 20_000, runs: 400, count: 50_000, rounds: 11 },
};

export async function kernelCosts({ quick, say }: KernelOptions): Promise<KernelCosts> {
  const work = quick ? WORK.quick : WORK.full;
  const { vids } = sizesOf(CONFIGURATION);
  const frames = gtpFrames(Array.from({ length: FRAMES }, (_, n) => teidOf(n * 251, vids)));
  say('cost of a frame in the kernel: XDP');
  const xdp = await attempt('XDP: the same rules and rows as a program of the kernel’s', () =>
    costOfXdp(frames, work),
  );
  say('cost of a frame in the kernel: nftables');
  const nftables = await attempt('nftables: by the TEID alone, without rules of ours', () =>
    costOfNftables(frames, work),
  );
  return { xdp, nftables };
}

async function attempt(
  what: string,
  measure: () => Promise<readonly KernelCost[]>,
): Promise<KernelResult | Skipped> {
  try {
    return { what, costs: await measure() };
  } catch (error) {
    const { message } = error as Error;
    return { what, skipped: message.split('\n')[0] ?? message };
  }
}

/** The mean of each run over one frame; runs take frames in turn. */
async function costOfXdp(
  frames: readonly Buffer[],
  { repeat, runs }: { readonly repeat: number; readonly runs: number },
): Promise<KernelCost[]> {
  const sizes = sizesOf(CONFIGURATION);
  const services = loadServices(GTP);
  const peer = await XdpPeer.open(services, layout(services, sizes), sizes);
  try {
    const values = Array.from({ length: runs }, (_, n) => {
      const { ns, verdict } = peer.run(frames[n % frames.length] as Buffer, repeat);
      if (verdict !== XDP.tx) throw new Error(`the program said ${verdict} of a frame to be sent`);
      return ns;
    });
    return [costOf('program alone, frame and tables in cache', values)];
  } finally {
    peer.close();
  }
}

async function costOfNftables(
  frames: readonly Buffer[],
  work: { readonly count: number; readonly rounds: number },
): Promise<KernelCost[]> {
  const { bare, hash, rows } = await measureNftables(frames, work);
  // Rounds lie side by side, so what else the machine did met both.
  const above = (values: readonly number[]) => values.map((value, n) => value - (bare[n] ?? 0));
  return [
    costOf('hash over slots, above the veth', above(hash)),
    costOf('map of 65,536 VIDs, above the veth', above(rows)),
    costOf('the veth itself: sent, received, dropped', bare),
  ];
}

function costOf(name: string, values: readonly number[]): KernelCost {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return {
    name,
    median: at(Math.floor((sorted.length - 1) / 2)),
    low: at(0),
    high: at(sorted.length - 1),
    runs: sorted.length,
  };
}
