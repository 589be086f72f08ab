/** Whether users' packets come through with the addresses and TEIDs that their peer has. */
import { expect } from 'vitest';
import type { PeerSession } from '../../host/cli/demo/gtp-peer-session.ts';
import { type GatewayBench, HOST } from './gateway-bench.ts';
import { ping } from './ping.ts';

/** Each user pings the host, which answers, and is pinged by it. */
export async function expectPings(
  bench: GatewayBench,
  sessions: readonly PeerSession[],
  when: string,
): Promise<void> {
  const { peer, atHost } = bench;
  const heard: string[] = [];
  const note = (session: PeerSession | undefined, packet: Buffer) =>
    heard.push(`${session?.imsi} ${packet.readUInt8(20)}`);
  peer.on('packet', note);
  atHost.length = 0;
  for (const [i, session] of sessions.entries()) {
    peer.send(session, ping(session.ipv4 ?? '', HOST, i));
    bench.fromHost(ping(HOST, session.ipv4 ?? '', i));
    // A question for a neighbour's address keeps only so many packets waiting.
    if (i % 4 === 3) await bench.settle();
  }
  await bench.settle();
  peer.off('packet', note);
  expect(
    atHost.map(({ src, sequence }) => `${src} ${sequence}`).sort(),
    `${when}: from users`,
  ).toEqual(sessions.map(({ ipv4 }, i) => `${ipv4} ${i}`).sort());
  const wanted = sessions.flatMap(({ imsi }) => [`${imsi} 0`, `${imsi} 8`]);
  expect(heard.sort(), `${when}: to users`).toEqual(wanted.sort());
}
