/** One run of calls by one path. */
import { DEFAULT_TOPOLOGY, makeTopology } from '../../namespaces/topology.ts';
import { runLoad } from './load.ts';
import type { SipPath } from './path.ts';
import type { LiveRun } from './rounds.ts';
import { CLIENT, REMOTE, startPath } from './sip-paths.ts';

/** Packets that a client sends in a call: INVITE, ACK, BYE. */
const CLIENT_PACKETS = 3;

export async function runSip(
  name: SipPath,
  { rate, calls, folder }: { rate: number; calls: number; folder: string },
): Promise<Omit<LiveRun, 'path' | 'rate'>> {
  const topology = await makeTopology(DEFAULT_TOPOLOGY);
  const path = await startPath(name, topology, folder);
  const { scenario, transport } = path;
  const { client } = topology;
  const { counts, byeMs } = await runLoad({
    ...{ client, local: CLIENT, remote: REMOTE, scenario, transport, rate, calls, folder },
  });
  const met = await path.met();
  await path.stop();
  return { counts, answerMs: byeMs, packets: CLIENT_PACKETS * counts.attempted, met };
}
