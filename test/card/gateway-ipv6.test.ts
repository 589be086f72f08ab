/** IPv6 users through the RTL: what comes back for them is steered by the VID in their prefix (G13). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerSession } from '../../host/cli/demo/gtp-peer-session.ts';
import { UserlandEndpoint } from '../../host/processor/userland-endpoint.ts';
import { addressToBytes, bytesToAddress } from '../../host/protocol/address.ts';
import { transportChecksum } from '../../host/protocol/checksum.ts';
import { buildEthernet, ETHERTYPE } from '../../host/protocol/ethernet.ts';
import { IP_PROTOCOL, parseIpFrame } from '../../host/protocol/ip.ts';
import { buildIpv6, parseIpv6 } from '../../host/protocol/ipv6.ts';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import { type SimulatedGround, simulatedGround } from '../host/switch/simulated-ground.ts';
import { GatewayBench } from './gateway-bench.ts';

/** A host of the packet network: documentation addresses that are no user's (RFC 9637). */
const HOST = '3fff::80';
const HOST_MAC = '0a:00:00:00:01:51';
const LINE_MAC = '02:76:6c:00:00:01';
const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;

function echo(src: string, dst: string, type: number, sequence: number): Buffer {
  const message = Buffer.alloc(16);
  message.writeUInt8(type, 0);
  message.writeUInt16BE(sequence, 6);
  message.writeUInt16BE(transportChecksum(src, dst, IP_PROTOCOL.icmpv6, message), 2);
  return buildIpv6({ src, dst, nextHeader: IP_PROTOCOL.icmpv6, payload: message });
}

/** Undefined where it is no echo, or its checksum is wrong. */
function readEcho(packet: Uint8Array) {
  const ip = parseIpv6(packet);
  const message = ip?.payload;
  if (ip?.nextHeader !== IP_PROTOCOL.icmpv6 || message === undefined || message.length < 16) return;
  const type = message.readUInt8(0);
  if (type !== ECHO_REQUEST && type !== ECHO_REPLY) return;
  const { src, dst, hopLimit } = ip;
  if (transportChecksum(src, dst, IP_PROTOCOL.icmpv6, message) !== 0) return;
  return { src, dst, hopLimit, type, sequence: message.readUInt16BE(6) };
}

describe('IPv6 users through the RTL', () => {
  let ground: SimulatedGround;
  let bench: GatewayBench;
  let atHost: ReturnType<typeof readEcho>[];
  let atUser: { readonly session: PeerSession | undefined; readonly echo: object }[];

  beforeEach(async () => {
    ground = await simulatedGround();
    bench = new GatewayBench(ground);
    atHost = [];
    atUser = [];
    bench.peer.on('packet', (session, packet) => {
      const found = readEcho(packet);
      if (found !== undefined) atUser.push({ session, echo: found });
    });
    const host = new UserlandEndpoint({
      address: HOST,
      mac: HOST_MAC,
      clock: bench.clock,
      answers: true,
      send: (frame) => ground.feed(1, frame),
    });
    ground.onPort(1, (frame) => {
      const asked = parseIpFrame(frame)?.dst === HOST && readEcho(frame.subarray(14));
      if (!asked) return host.receive(frame);
      atHost.push(asked);
      toUser(echo(HOST, asked.src, ECHO_REPLY, asked.sequence));
    });
  });

  afterEach(async () => {
    await bench.finish();
  });

  /** A packet of the host's, to the line port: it is the router to users' prefixes. */
  function toUser(payload: Buffer): void {
    const link = { srcMac: HOST_MAC, dstMac: LINE_MAC, etherType: ETHERTYPE.ipv6 };
    ground.feed(1, buildEthernet({ ...link, payload }));
  }

  /** Frames of rules that were steered, and punts of any. */
  async function rules() {
    const { rules: counts } = await ground.card.snapshot();
    const names = bench.sp.services.rules.map(({ name }) => name);
    const of = (name: string) => counts[names.indexOf(name)];
    return {
      downlink: of('gtp/downlink-ipv6')?.others.packets ?? 0n,
      punted: counts.reduce((sum, { punted }) => sum + punted.packets, 0n),
    };
  }

  it.each([1, 2] as const)(
    'GTPv%i: pings both ways, from any address of the user, without a punt (G4, G8, G13)',
    async (version) => {
      await bench.start(3);
      await bench.during(bench.peer.create('262011234567889', version, 'ipv6'));
      const session = await bench.during(bench.peer.create('262011234567890', version, 'ipv6'));
      const user = session.ipv6 ?? '';
      const vid = vidOfTeid(session.gatewayUser);
      expect(addressToBytes(user).readUInt16BE(4)).toBe(vid);
      const before = await rules();
      const prefix = addressToBytes(user).subarray(0, 8);
      const identifier = Buffer.from('123456789abcdef0', 'hex'); // RFC 8981
      const privately = bytesToAddress(Buffer.concat([prefix, identifier]));
      for (const [sequence, src] of [user, privately, user].entries()) {
        bench.peer.send(session, echo(src, HOST, ECHO_REQUEST, sequence));
        await bench.settle();
      }
      const expected = [user, privately, user].map((address, sequence) => [address, sequence]);
      // A router takes one off.
      expect(atHost).toMatchObject(
        expected.map(([src, sequence]) => ({ src, sequence, hopLimit: 63 })),
      );
      expect(atUser).toMatchObject(
        expected.map(([dst, sequence]) => ({
          session: { imsi: session.imsi },
          echo: { dst, sequence, type: ECHO_REPLY, hopLimit: 63 },
        })),
      );
      // The host may begin, too.
      toUser(echo(HOST, user, ECHO_REQUEST, 9));
      await bench.settle();
      expect(atUser.at(-1)).toMatchObject({ echo: { sequence: 9, type: ECHO_REQUEST } });
      const after = await rules();
      expect(after.downlink - before.downlink).toBe(4n);
      expect(after.punted).toBe(before.punted);
      const [packets] = await ground.card.vidPackets(vid, 1);
      expect(packets).toBe(7n);
      const owner = bench.sp.vids.lookup(vid)?.owner;
      const others = bench.gateways.filter(({ name }) => name !== owner);
      expect(others.map(({ gateway }) => gateway.counters.downlink)).toEqual([0, 0]);
    },
  );

  it('what comes first after a death may be a packet for an IPv6 user (G11, G13)', async () => {
    await bench.start(2, { replicates: true });
    await bench.until(() => bench.sp.vids.list().every(({ inSync }) => inSync));
    const session = await bench.during(bench.peer.create('262011234567890', 2, 'ipv6'));
    bench.gateways[0]?.cut();
    await bench.sp.lowerSlot(0);
    toUser(echo(HOST, session.ipv6 ?? '', ECHO_REQUEST, 1));
    await bench.settle();
    expect(atUser).toMatchObject([{ echo: { dst: session.ipv6, sequence: 1 } }]);
    expect(bench.gateways[1]?.gateway.counters.downlink).toBe(1);
    // A prefix of no row ends at the switch processor, and nobody else gets it.
    toUser(echo(HOST, '2001:db8:ffff::1', ECHO_REQUEST, 2));
    await bench.settle();
    expect(atUser).toHaveLength(1);
  });
});
