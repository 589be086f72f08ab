/** One run of contexts by one path: users open them, ping a host beyond the gateways, and end. */
import { fileURLToPath } from 'node:url';
import { type LoadCounts, loadCounts } from '../../demo/gtp-load-counts.ts';
import { startProgram } from '../../demo/program.ts';
import { GATEWAY_TOPOLOGY, hostOf } from '../../namespaces/gateway-topology.ts';
import { startGtpPath } from './gtp-paths.ts';
import type { GtpPath } from './path.ts';
import type { LiveRun } from './rounds.ts';

const LOAD = fileURLToPath(new URL('../../demo/gtp-load-main.ts', import.meta.url));
/** Pings for each context, over the time in which contexts are opened. */
const PINGS = 4;

export async function runGtp(
  name: GtpPath,
  { rate, sessions }: { rate: number; sessions: number },
): Promise<Omit<LiveRun, 'path' | 'rate'>> {
  const path = await startGtpPath(name);
  const { client } = path;
  const load = {
    ...{ interface: client.interface, gateway: GATEWAY_TOPOLOGY.address, sessions },
    ...{ address: hostOf(GATEWAY_TOPOLOGY.client), host: hostOf(GATEWAY_TOPOLOGY.host) },
    ...{ setupRate: rate, packetRate: rate * PINGS },
  };
  let heard: (end: LoadCounts) => void = () => {};
  const whole = new Promise<LoadCounts>((resolve) => {
    heard = resolve;
  });
  const program = startProgram({
    ...{ name: 'the load', namespace: client, program: LOAD, args: [JSON.stringify(load)] },
    event: (value) => {
      const read = loadCounts.safeParse(value).data;
      if (read?.event === 'open') program.tell('end');
      if (read?.event === 'end') heard(read);
    },
  });
  const end = await Promise.race([whole, program.lost]);
  const met = await path.met();
  await path.stop();
  const pings = end.unanswered?.length ?? 0;
  return {
    counts: {
      ...{ attempted: sessions, succeeded: end.ended, failed: end.failed + end.lost + pings },
      ...{ retransmissions: 0, current: 0 },
      causes: { refused: end.failed, 'not ended': end.lost, 'pings without answer': pings },
    },
    answerMs: end.times ?? [],
    // Create and delete of each; pings, and their answers from the packet network.
    packets: 2 * end.created + end.sent + end.answered,
    met,
  };
}
