/** The gateway by itself, between sockets that a test holds. */
import { beforeEach, describe, expect, it } from 'vitest';
import type {
  DatagramEndpoint,
  DatagramListener,
  Peer,
} from '../../../host/processor/datagram-endpoint.ts';
import { Gateway, type GatewayOptions } from '../../../host/processor/gateway.ts';
import { type VidKeeper, writePassed } from '../../../host/processor/gateway-context.ts';
import { ManualClock } from '../../../host/protocol/clock.ts';
import { CAUSE_V1, CAUSE_V2 } from '../../../host/protocol/gtp-cause.ts';
import { buildGPdu, buildGtpuSignal, parseGtpu } from '../../../host/protocol/gtpu.ts';
import {
  buildGtpv1Message,
  type Gtpv1Ies,
  type Gtpv1Message,
  parseGtpv1,
} from '../../../host/protocol/gtpv1.ts';
import {
  buildGtpv2,
  type Gtpv2Ies,
  type Gtpv2Message,
  parseGtpv2,
} from '../../../host/protocol/gtpv2.ts';
import { buildIpv4, parseIpv4 } from '../../../host/protocol/ipv4.ts';
import { buildIpv6, parseIpv6 } from '../../../host/protocol/ipv6.ts';
import { vidOfTeid } from '../../../host/protocol/teid.ts';
import { buildUdp } from '../../../host/protocol/udp.ts';

const ADDRESS = '192.0.2.2';
const PEER: Peer = { address: '198.51.100.7', port: 2123 };
const HOST = '203.0.113.80';
const POOLS = [
  { prefix: '100.64.0.0/10', vidEnd: 26 },
  { prefix: '2001:db8::/32', vidEnd: 48 },
];

interface Sent {
  readonly port: number;
  readonly bytes: Buffer;
  readonly to: Peer;
}

class Endpoint implements DatagramEndpoint {
  readonly address = ADDRESS;
  readonly sent: Sent[] = [];
  readonly #listeners = new Map<number, DatagramListener>();

  async bind(port: number, listener: DatagramListener) {
    this.#listeners.set(port, listener);
    return {
      port,
      send: (bytes: Uint8Array, to: Peer) => {
        this.sent.push({ port, bytes: Buffer.from(bytes), to });
      },
      close: () => void this.#listeners.delete(port),
    };
  }

  async setMac() {}
  async close() {}

  receive(port: number, bytes: Buffer, from = PEER): void {
    const listener = this.#listeners.get(port);
    if (listener === undefined) throw new Error(`nobody listens on ${port}`);
    listener(bytes, from);
  }
}

const V1: Gtpv1Ies<'createRequest'> = {
  imsi: '262011234567890',
  teidData: 0x11,
  teidControl: 0x12,
  nsapi: 5,
  endUserAddress: { type: 'ipv4' },
  apn: 'internet',
  controlAddress: PEER.address,
  userAddress: '198.51.100.8',
  quality: Buffer.from('0123631f93967474fbffff00', 'hex'),
};
const end = (interfaceType: number, teid: number) => ({
  ...{ interfaceType, teid, ipv4: PEER.address },
});
const V2: Gtpv2Ies<'createSessionRequest'> = {
  imsi: '262011234567891',
  apn: 'internet',
  ratType: 6,
  senderControl: end(6, 0x22),
  pdnType: 'ipv4',
  bearers: [{ id: 5, servingUser: end(4, 0x21), quality: Buffer.alloc(22) }],
};

describe('a gateway', () => {
  let endpoint: Endpoint;
  let out: Buffer[];
  let clock: ManualClock;

  beforeEach(() => {
    endpoint = new Endpoint();
    out = [];
    clock = new ManualClock();
  });

  async function start(options: Partial<GatewayOptions> = {}, vids = [3, 4]) {
    const gateway = new Gateway({
      endpoint,
      clock,
      send: (packet) => out.push(packet),
      ...options,
    });
    await gateway.listen({
      ...{ slot: 0, epoch: 1, mac: '02:76:6c:01:00:01', number: 1, vids, backupVids: [] },
      services: [
        {
          ...{ name: 'gtp', port: 2123, pools: POOLS, node: { restart: 9 } },
          vidPorts: { base: 9152, step: 1 },
        },
      ],
    });
    return gateway;
  }

  const lastV1 = () => parseGtpv1(endpoint.sent.at(-1)?.bytes ?? Buffer.alloc(0)) as Gtpv1Message;
  const lastV2 = () => parseGtpv2(endpoint.sent.at(-1)?.bytes ?? Buffer.alloc(0)) as Gtpv2Message;

  function createV1(ies: Partial<typeof V1> = {}, sequence = 1, from = PEER) {
    endpoint.receive(
      2123,
      buildGtpv1Message('createRequest', { teid: 0, sequence }, { ...V1, ...ies }),
      from,
    );
    const answer = lastV1();
    if (answer.kind !== 'createResponse') throw new Error(`it answered ${answer.kind}`);
    return answer;
  }

  function createV2(ies: Partial<typeof V2> = {}, sequence = 1) {
    endpoint.receive(
      2123,
      buildGtpv2('createSessionRequest', { teid: 0, sequence }, { ...V2, ...ies }),
    );
    const answer = lastV2();
    if (answer.kind !== 'createSessionResponse') throw new Error(`it answered ${answer.kind}`);
    return answer;
  }

  it('answers a set-up with its own TEIDs, a user address and the restart counter', async () => {
    await start();
    const { teid, ies } = createV1();
    expect(teid).toBe(0x12);
    expect(ies).toMatchObject({
      ...{ cause: CAUSE_V1.accepted, recovery: 9, controlAddress: ADDRESS, userAddress: ADDRESS },
      endUserAddress: { type: 'ipv4', ipv4: expect.stringMatching(/^100\.64\.0\./) },
    });
    expect([ies.teidControl, ies.teidData].map((it) => vidOfTeid(it ?? 0))).toEqual([3, 3]);
    // The next VID's turn; IPv6 as well (TS 29.274 §8.14: prefix of 64 bits).
    const both = createV2({ pdnType: 'ipv4v6' });
    expect(both.ies.pdnAddress).toMatchObject({
      type: 'ipv4v6',
      ipv4: expect.stringMatching(/^100\.64\.1\./),
      ipv6: { address: expect.stringMatching(/^2001:db8:4:/), prefix: 64 },
    });
    expect(both.ies.bearers[0]?.gatewayUser).toMatchObject({ interfaceType: 5, ipv4: ADDRESS });
  });

  it('knows a repetition by peer, port, type and sequence number, for as long as one may come', async () => {
    const gateway = await start();
    const first = createV1();
    expect(createV1()).toEqual(first);
    expect(gateway.counters).toMatchObject({ created: 1, repeated: 1 });
    // Another port is another asker, whose context takes the old one's place (TS 29.060 §7.3.1).
    const another = { teidData: 0x13, teidControl: 0x14 };
    const other = createV1(another, 1, { ...PEER, port: 40_000 });
    expect(other.ies.teidControl).not.toBe(first.ies.teidControl);
    expect(gateway.counters).toMatchObject({ created: 2, repeated: 1, replaced: 1 });
    clock.advance(60_000);
    createV1();
    expect(gateway.counters).toMatchObject({ created: 3, repeated: 1 });
  });

  it('has the session that a set-up asks for with both ends, whoever answered it first', async () => {
    const gateway = await start();
    const ask = (ies: Partial<Gtpv1Ies<'createRequest'>> = {}) =>
      gateway.has(buildGtpv1Message('createRequest', { teid: 0, sequence: 9 }, { ...V1, ...ies }));
    expect(ask()).toBe(false);
    const first = createV1();
    expect(ask()).toBe(true);
    for (const other of [
      { teidData: 0x13 },
      { teidControl: 0x14 },
      { controlAddress: '198.51.100.9' },
      { userAddress: '198.51.100.9' },
      { nsapi: 6 },
      { apn: 'ims' },
      { imsi: '262011234567899' },
      { quality: Buffer.from('0123631f93967474fbffff01', 'hex') },
    ]) {
      expect(ask(other), Object.keys(other)[0]).toBe(false);
    }
    expect(gateway.has(Buffer.alloc(3))).toBe(false);
    // Answered as before, though nothing of an answer is kept.
    const again = createV1({}, 2);
    expect(again.ies).toEqual(first.ies);
    expect(gateway.counters).toMatchObject({ created: 1, repeated: 1 });
    const v2 = createV2();
    const asked = buildGtpv2('createSessionRequest', { teid: 0, sequence: 77 }, V2);
    expect(gateway.has(asked)).toBe(true);
    expect(createV2({}, 77).ies).toEqual(v2.ies);
  });

  it('holds an answer until its keeper lets it go, and repeats nothing before', async () => {
    const waiting: (() => void)[] = [];
    const keeper: VidKeeper = {
      served: () => [3],
      arrives: () => 'serve',
      pass: () => {},
      copyOf: () => undefined,
      change: () => {},
      reply: (_vid, messageClass, leave) => {
        expect(messageClass).toBe('create');
        waiting.push(leave);
      },
    };
    const gateway = await start({ keeper: () => keeper });
    gateway.own(3, []);
    const request = buildGtpv1Message('createRequest', { teid: 0, sequence: 1 }, V1);
    endpoint.receive(2123, request);
    endpoint.receive(2123, request);
    expect(endpoint.sent).toEqual([]);
    for (const leave of waiting) leave();
    endpoint.receive(2123, request);
    expect(endpoint.sent).toHaveLength(2);
    expect(gateway.counters.created).toBe(1);
  });

  it.each<[string, Partial<GatewayOptions>, Partial<typeof V1>, number]>([
    ['another network', { apns: ['ims'] }, {}, CAUSE_V1.unknownApn],
    ['no room', { capacity: 0 }, {}, CAUSE_V1.noResources],
    ['a secondary context', {}, { linkedNsapi: 6 }, CAUSE_V1.notSupported],
    ['no address wanted', {}, { endUserAddress: undefined }, CAUSE_V1.missingIe],
  ])('refuses GTPv1: %s', async (_, options, ies, cause) => {
    const gateway = await start(options);
    expect(createV1(ies).ies.cause).toBe(cause);
    expect(gateway.counters).toMatchObject({ refused: 1, created: 0 });
  });

  it.each<[string, Partial<GatewayOptions>, Partial<typeof V2>, object]>([
    ['another network', { apns: ['ims'] }, {}, { value: CAUSE_V2.unknownApn }],
    ['no room', { capacity: 0 }, {}, { value: CAUSE_V2.noResources }],
    [
      'no bearer',
      {},
      { bearers: [] },
      { value: CAUSE_V2.missingIe, offending: { type: 93, instance: 0 } },
    ],
    [
      'a bearer without its tunnel',
      {},
      { bearers: [{ id: 5, quality: Buffer.alloc(22) }] },
      { value: CAUSE_V2.missingIe, offending: { type: 87, instance: 2 } },
    ],
  ])('refuses GTPv2: %s', async (_, options, ies, cause) => {
    await start(options);
    expect(createV2(ies)).toMatchObject({ teid: 0x22, ies: { cause } });
  });

  it('says which IE of a request is at fault (TS 29.274 §7.7.6)', async () => {
    const gateway = await start();
    const request = buildGtpv2('createSessionRequest', { teid: 0, sequence: 7 }, V2);
    const apn = request.indexOf(Buffer.from([71, 0, 9, 0]));
    request[apn] = 200; // an IE of a later release in its place
    endpoint.receive(2123, request);
    expect(lastV2()).toMatchObject({
      ...{ kind: 'createSessionResponse', sequence: 7 },
      ies: { cause: { value: CAUSE_V2.missingIe, offending: { type: 71, instance: 0 } } },
    });
    expect(gateway.counters.malformed).toBe(1);
  });

  it('has as many users as the VID has addresses, and says when there are no more', async () => {
    await start({}, [3]);
    const given = new Set<string>();
    for (let i = 0; i < 64; i++) {
      const { ies } = createV1({ imsi: `26201${String(i).padStart(10, '0')}` }, i);
      given.add(ies.endUserAddress?.ipv4 ?? '');
    }
    expect(given.size).toBe(64);
    expect(createV1({ imsi: '262019999999999' }, 64).ies.cause).toBe(CAUSE_V1.allAddressesOccupied);
    // One who goes makes room.
    const { ies } = createV1({ imsi: '262010000000005' }, 65);
    expect(ies.cause).toBe(CAUSE_V1.accepted);
  });

  it("takes an error indication only from the tunnel's own end (TS 29.281 §7.3.1)", async () => {
    const gateway = await start();
    createV1();
    const about = (address: string) =>
      buildGtpuSignal('errorIndication', { teid: 0, sequence: 0 }, { teid: 0x11, address });
    endpoint.receive(2152, about('198.51.100.8'), { address: '198.51.100.66', port: 2152 });
    endpoint.receive(2152, about('198.51.100.66'), { address: '198.51.100.66', port: 2152 });
    expect(gateway.sessions.size).toBe(1);
    endpoint.receive(2152, about('198.51.100.8'), { address: '198.51.100.8', port: 2152 });
    expect(gateway.sessions.size).toBe(0);
    expect(gateway.counters).toMatchObject({ errorIndications: 3, lostAtPeer: 1 });
  });

  const fromUser = (src: string, ttl = 64) =>
    buildIpv4({ src, dst: HOST, protocol: 17, ttl, payload: Buffer.alloc(12) });

  it('tells of extension headers that it must understand and does not (TS 29.281 §5.2.1)', async () => {
    await start();
    const { ies } = createV1();
    const packet = fromUser(ies.endUserAddress?.ipv4 ?? '');
    const send = (type: number) =>
      endpoint.receive(
        2152,
        buildGPdu(ies.teidData ?? 0, packet, { extensions: [{ type, content: Buffer.alloc(2) }] }),
        { address: '198.51.100.8', port: 2152 },
      );
    for (const type of [0x85, 0x40, 0x03]) send(type);
    expect(out).toHaveLength(3);
    send(0x82);
    expect(out).toHaveLength(3);
    expect(parseGtpu(endpoint.sent.at(-1)?.bytes ?? Buffer.alloc(0))).toMatchObject({
      kind: 'supportedExtensionHeaders',
    });
    expect(endpoint.sent.at(-1)?.to).toEqual({ address: '198.51.100.8', port: 2152 });
  });

  it('is a router: hop counts end, and what is too long for a tunnel is told (RFC 1191)', async () => {
    const gateway = await start();
    const { ies } = createV1();
    const user = ies.endUserAddress?.ipv4 ?? '';
    endpoint.receive(2152, buildGPdu(ies.teidData ?? 0, fromUser(user, 1)));
    expect(gateway.counters.expired).toBe(1);
    const long = (dontFragment: boolean) =>
      buildIpv4({
        ...{ src: HOST, dst: user, protocol: 17, dontFragment, payload: Buffer.alloc(1445) },
      });
    gateway.downlink(long(false));
    expect(out).toEqual([]);
    gateway.downlink(long(true));
    const told = parseIpv4(out[0] ?? Buffer.alloc(0));
    expect(told).toMatchObject({ src: ADDRESS, dst: HOST, protocol: 1, checksumOk: true });
    expect([...(told?.payload.subarray(0, 8) ?? [])].filter((_, i) => i < 2 || i > 5)).toEqual([
      ...[3, 4, 1464 >> 8, 1464 & 0xff],
    ]);
    gateway.downlink(
      buildIpv4({ src: HOST, dst: user, protocol: 17, payload: Buffer.alloc(1444) }),
    );
    expect(gateway.counters).toMatchObject({ tooLong: 2, downlink: 1 });
    // What is no IP packet, or longer than it is, ends here.
    gateway.downlink(Buffer.from('4500', 'hex'));
    endpoint.receive(2152, buildGPdu(ies.teidData ?? 0, fromUser(user).subarray(0, 20)));
    expect(gateway.counters.notIp).toBe(2);
  });

  it('advertises its prefix to an IPv6 user that asks (RFC 4861 §6.2.6)', async () => {
    await start();
    const { ies } = createV2({ pdnType: 'ipv6' });
    const prefix = ies.pdnAddress?.ipv6?.address.replace(/::1$/, '::') ?? '';
    const solicitation = Buffer.alloc(8);
    solicitation[0] = 133;
    const packet = buildIpv6({
      ...{
        src: 'fe80::1234',
        dst: 'ff02::2',
        nextHeader: 58,
        hopLimit: 255,
        payload: solicitation,
      },
    });
    const teid = ies.bearers[0]?.gatewayUser?.teid ?? 0;
    endpoint.receive(2152, buildGPdu(teid, packet));
    const answer = parseGtpu(endpoint.sent.at(-1)?.bytes ?? Buffer.alloc(0));
    if (answer.kind !== 'gPdu') throw new Error(answer.kind);
    expect(answer.teid).toBe(0x21);
    const advertised = parseIpv6(answer.packet);
    expect(advertised).toMatchObject({ src: 'fe80::1', hopLimit: 255, nextHeader: 58 });
    expect(advertised?.payload[0]).toBe(134);
    const own = buildIpv6({ src: `${prefix}1`, dst: HOST_V6, nextHeader: 17, payload: PAYLOAD });
    endpoint.receive(2152, buildGPdu(teid, own));
    const stranger = buildIpv6({ src: STRANGER, dst: HOST_V6, nextHeader: 17, payload: PAYLOAD });
    endpoint.receive(2152, buildGPdu(teid, stranger));
    expect(out.map((it) => parseIpv6(it)?.hopLimit)).toEqual([63]);
  });

  it('sends what a dedicated bearer matches into it, and repeats requests that are not answered', async () => {
    const gateway = await start();
    const { ies } = createV2();
    const session = gateway.sessions.control(ies.gatewayControl?.teid ?? 0);
    if (session === undefined) throw new Error('there is no session');
    const before = endpoint.sent.length;
    const match = { protocol: 17, remotePort: 5060 };
    const made = gateway.createBearer(session, { quality: Buffer.alloc(22), match });
    clock.advance(12_000);
    // T3-RESPONSE of 5 s: sent three times, byte for byte (TS 29.274 §7.6).
    const asked = endpoint.sent.slice(before);
    expect(asked.map(({ port, to }) => [port, to.port])).toEqual(
      Array(3).fill([9152 + vidOfTeid(session.teid), 2123]),
    );
    expect(new Set(asked.map(({ bytes }) => bytes.toString('hex'))).size).toBe(1);
    const request = parseGtpv2(asked[0]?.bytes ?? Buffer.alloc(0));
    if (request.kind !== 'createBearerRequest') throw new Error(request.kind);
    const cause = { value: CAUSE_V2.accepted };
    const { gatewayUser } = request.ies.bearers[0] ?? {};
    const answer = buildGtpv2(
      'createBearerResponse',
      { teid: session.teid, sequence: request.sequence },
      { cause, bearers: [{ id: 6, cause, servingUser: end(4, 0x66), gatewayUser }] },
    );
    endpoint.receive(9152 + vidOfTeid(session.teid), answer);
    expect(await made).toMatchObject({ id: 6, match });
    const udp = (srcPort: number) =>
      buildIpv4({
        ...{ src: HOST, dst: session.ipv4 ?? '', protocol: 17 },
        payload: buildUdp({
          ...{ src: HOST, dst: session.ipv4 ?? '', srcPort, dstPort: 9, payload: PAYLOAD },
        }),
      });
    for (const port of [5060, 5061]) gateway.downlink(udp(port));
    const teids = endpoint.sent.slice(-2).map(({ bytes }) => bytes.readUInt32BE(4));
    expect(teids).toEqual([0x66, 0x21]);
    // Nobody answers: after the last repetition it gives up, and the session stays as it was.
    const lost = gateway.createBearer(session, { quality: Buffer.alloc(22), match });
    lost.catch(() => {});
    clock.advance(16_000);
    await expect(lost).rejects.toThrow(/did not answer/);
  });

  it('passes on what is for a VID that another has by now, and takes what is passed on', async () => {
    const passed: [number, Buffer][] = [];
    let whose: 'serve' | 'pass' = 'serve';
    const keeper: VidKeeper = {
      served: () => [3],
      arrives: () => whose,
      pass: (vid, bytes) => void passed.push([vid, Buffer.from(bytes)]),
      copyOf: () => undefined,
      change: () => {},
      reply: (_vid, _class, leave) => leave(),
    };
    const gateway = await start({ keeper: () => keeper });
    gateway.own(3, []);
    const { ies } = createV1();
    whose = 'pass';
    const sent = endpoint.sent.length;
    const update = buildGtpv1Message(
      'updateRequest',
      { teid: ies.teidControl ?? 0, sequence: 2 },
      { nsapi: 5, controlAddress: PEER.address, userAddress: '198.51.100.9', quality: V1.quality },
    );
    endpoint.receive(2123, update);
    endpoint.receive(2152, buildGPdu(ies.teidData ?? 0, fromUser(ies.endUserAddress?.ipv4 ?? '')));
    gateway.downlink(
      buildIpv4({ src: HOST, dst: ies.endUserAddress?.ipv4 ?? '', protocol: 17, payload: PAYLOAD }),
    );
    expect([endpoint.sent.length - sent, out.length]).toEqual([0, 0]);
    expect(passed.map(([vid]) => vid)).toEqual([3, 3, 3]);
    // At the other end of it, as if it had come there.
    whose = 'serve';
    for (const [, bytes] of passed) gateway.passed(bytes);
    expect(gateway.counters).toMatchObject({ updated: 1, uplink: 1, downlink: 1, passed: 3 });
    expect(endpoint.sent.at(-2)?.to).toEqual(PEER);
    gateway.passed(Buffer.from([9, 9]));
    gateway.passed(writePassed({ plane: 'user', from: PEER, bytes: Buffer.alloc(3) }));
    expect(gateway.counters.malformed).toBe(1);
  });
});

const HOST_V6 = '2001:db8:ffff::80';
const STRANGER = '2001:db8:ffff::81';
const PAYLOAD = Buffer.alloc(8);
