/** What GTP's peers and a gateway say to each other about paths and versions, on whatever card. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { T3_RESPONSE } from '../../host/processor/gateway-answers.ts';
import { bytesToAddress } from '../../host/protocol/address.ts';
import {
  buildGPdu,
  buildGtpuSignal,
  GPDU,
  GTPU_MESSAGES,
  GTPU_PORT,
  parseGtpu,
} from '../../host/protocol/gtpu.ts';
import { GTPC_PORT } from '../../host/protocol/gtpv1.ts';
import { buildGtpv2, GTPV2_MESSAGES } from '../../host/protocol/gtpv2.ts';
import { FTEID_INTERFACE } from '../../host/protocol/gtpv2-ie.ts';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import type { Ground } from '../host/switch/bench.ts';
import { GatewayBench, HOST, PEER, RESTART } from './gateway-bench.ts';
import { ping } from './ping.ts';

const OTHER_PEER = '198.51.100.8';
/** `base` of gtp.yaml. */
const FIRST_VID_PORT = 9152;
const END_MARKER = GTPU_MESSAGES.endMarker.type;

/** Of a frame with UDP over IPv4 and no VLAN tags. */
const UDP_PAYLOAD = 42;
const read = (frame: Buffer) => ({
  to: bytesToAddress(frame.subarray(30, 34)),
  port: frame.readUInt16BE(36),
  payload: frame.subarray(UDP_PAYLOAD, 34 + frame.readUInt16BE(38)),
});

export function describeGatewayPath<G extends Ground>(
  title: string,
  open: () => Promise<G>,
  /** Frames that ended for a reason since the card began. */
  ended: (ground: G, reason: string) => Promise<number>,
) {
  describe(title, () => {
    let ground: G;
    let bench: GatewayBench;

    beforeEach(async () => {
      ground = await open();
      bench = new GatewayBench(ground);
    });

    afterEach(async () => {
      await bench.finish();
    });

    const punts = () => {
      const { reasons } = bench.sp.status().punted;
      return Object.entries(reasons).filter(([rule]) => rule.startsWith('gtp/'));
    };
    /** What came out towards peers' user planes: type, address, TEID. */
    const userPlane = () =>
      bench.toPeers
        .filter((frame) => frame.readUInt16BE(12) === 0x0800 && frame[23] === 17)
        .map(read)
        .filter(({ port }) => port === GTPU_PORT)
        .map(({ to, payload }) => [payload.readUInt8(1), to, payload.readUInt32BE(4)]);
    const gateway = () => {
      const [first] = bench.gateways;
      if (first === undefined) throw new Error('no gateway was started');
      return first.gateway;
    };

    it('GTPv2: the end of a tunnel that moves is marked once, before anything takes the new one (TS 29.281 §7.3.2)', async () => {
      await bench.start(1);
      const other = await bench.addPeer(OTHER_PEER, '0a:00:00:00:00:08', 9);
      const first = await bench.during(bench.peer.create('262011234567890'));
      const before = punts();
      const toUser = (sequence: number) => bench.fromHost(ping(HOST, first.ipv4 ?? '', sequence));
      toUser(1);
      await bench.settle();
      const moving = bench.peer.update(first);
      toUser(2);
      const second = await bench.during(moving);
      toUser(3);
      await bench.settle();
      // To another address.
      const third = await bench.during(other.update(second));
      toUser(4);
      await bench.settle();
      // A request that names the end that there is moves nothing.
      const servingUser = {
        ...{ interfaceType: FTEID_INTERFACE.s5uSgw, teid: third.user },
        ipv4: OTHER_PEER,
      };
      const same = { bearers: [{ id: third.bearer, servingUser }], bearersToRemove: [] };
      const header = { teid: third.gatewayControl, sequence: 1 };
      bench.peer.sendControl(buildGtpv2('modifyBearerRequest', header, same));
      await bench.settle();
      expect(gateway().counters.updated).toBe(3);
      const path = userPlane();
      const turns = path.filter((one, i) => String(one) !== String(path[i - 1]));
      expect(turns).toEqual([
        [GPDU, PEER, first.user],
        [END_MARKER, PEER, first.user],
        [GPDU, PEER, second.user],
        [END_MARKER, PEER, second.user],
        [GPDU, OTHER_PEER, third.user],
      ]);
      expect(path.filter(([type]) => type === END_MARKER)).toHaveLength(2);
      expect(path.filter(([type]) => type === GPDU)).toHaveLength(4);
      expect(gateway().counters.endMarkersSent).toBe(2);
      expect(punts()).toEqual(before);
    });

    it('GTPv1: a tunnel that moves is marked by nobody', async () => {
      await bench.start(1);
      const first = await bench.during(bench.peer.create('262011234567890', 1));
      const second = await bench.during(bench.peer.update(first));
      bench.fromHost(ping(HOST, first.ipv4 ?? '', 1));
      await bench.settle();
      expect(userPlane()).toEqual([[GPDU, PEER, second.user]]);
    });

    it('an End Marker that comes is counted where its tunnel is, and goes no further', async () => {
      await bench.start(2);
      const session = await bench.during(bench.peer.create('262011234567890'));
      const before = punts();
      bench.peer.sendUser(buildGtpuSignal('endMarker', { teid: session.gatewayUser }, {}));
      await bench.settle();
      expect(bench.gateways.map((one) => one.gateway.counters.endMarkers)).toEqual([1, 0]);
      expect(punts()).toEqual(before);
      expect(userPlane()).toEqual([]);
      // The tunnel is there all the same: users may send.
      bench.peer.send(session, ping(session.ipv4 ?? '', HOST, 1));
      await bench.settle();
      expect(bench.atUser).toHaveLength(1);
    });

    it('error indications are policed apart: a flood of them takes nothing from set-ups, echoes and users', async () => {
      await bench.start(2);
      const session = await bench.during(bench.peer.create('262011234567890'));
      const lost = await bench.during(bench.peer.create('262011234567891'));
      const errors = () => gateways().map(({ counters }) => counters.errorIndications);
      const gateways = () => bench.gateways.map((one) => one.gateway);
      // As many as may wait at the host, and no more, reach the gateways; each of these all of them.
      bench.peer.indicateError(lost.user);
      for (let i = 0; i < 300; i++) bench.peer.indicateError(0xab0000 + i);
      const [next, echo] = [bench.peer.create('262011234567892'), bench.peer.echo(1)];
      bench.peer.send(session, ping(session.ipv4 ?? '', HOST, 1));
      await bench.settle();
      expect(bench.atUser).toHaveLength(1);
      expect(await bench.during(echo)).toBe(RESTART);
      expect((await bench.during(next)).ipv4).toBeDefined();
      const { reasons, recognised } = bench.sp.status().punted;
      const { punt_setup: heard = 0 } = reasons['gtp/errors'] ?? {};
      expect(recognised.gtp).toMatchObject({ 'Error Indication': heard });
      expect(heard).toBeGreaterThan(0);
      expect(heard).toBeLessThanOrEqual(64);
      expect(errors()).toEqual([heard, heard]);
      expect(gateways().reduce((sum, { sessions }) => sum + sessions.size, 0)).toBe(2);
      const refused = (await ended(ground, 'policed')) + (await ended(ground, 'host_share'));
      expect(refused, 'nothing else was').toBe(301 - heard);
    });

    it('a refusal with TEID 0 comes to the gateway that asked, by its port (TS 29.274 §5.5.2, §4.2.2.2)', async () => {
      await bench.start(2);
      const sessions = [
        await bench.during(bench.peer.create('262011234567890')),
        await bench.during(bench.peer.create('262011234567891')),
      ];
      const before = punts();
      for (const [i, session] of sessions.entries()) {
        const { gateway } = bench.gateways[i] ?? {};
        const held = gateway?.sessions.control(session.gatewayControl);
        if (gateway === undefined || held === undefined) throw new Error('it is elsewhere');
        bench.peer.forget(session);
        const [control, began] = [gateway.counters.control, bench.clock.now()];
        const quality = Buffer.alloc(22);
        const wish = { quality, match: { protocol: 1 } };
        expect(await bench.during(gateway.createBearer(held, wish))).toBeUndefined();
        const refusal = read(bench.fromPeer.at(-1) ?? Buffer.alloc(0));
        expect(refusal.payload.readUInt8(1)).toBe(GTPV2_MESSAGES.createBearerResponse.type);
        expect(refusal.payload.readUInt32BE(4)).toBe(0);
        expect(refusal.port).toBe(FIRST_VID_PORT + vidOfTeid(session.gatewayControl));
        const rates = { uplink: 1, downlink: 2 };
        const changed = gateway.updateBearer(held, { id: session.bearer, quality }, rates);
        expect(await bench.during(changed)).toBe(false);
        // One answer to each, to nobody else, and before anything was asked again.
        expect(gateway.counters.control - control).toBe(2);
        expect(gateway.counters.unexpected).toBe(0);
        expect(bench.clock.now() - began).toBeLessThan(T3_RESPONSE);
        expect(gateway.sessions.control(session.gatewayControl)?.bearers).toHaveLength(1);
      }
      expect(punts()).toEqual(before);
    });

    it('says which version it speaks, and which extension headers it knows (TS 29.274 §7.1.3, TS 29.281 §5.2.1)', async () => {
      await bench.start(2);
      const session = await bench.during(bench.peer.create('262011234567890'));
      const { gatewayControl: known, gatewayUser } = session;
      const heard: string[] = [];
      bench.peer.on('other', (kind) => heard.push(kind));
      const last = () => read(bench.toPeers.at(-1) ?? Buffer.alloc(0));
      const answered = () => bench.sp.status().punted.ends.answered_gtp_version ?? 0;
      const malformed = () => bench.gateways.map(({ gateway }) => gateway.counters.malformed);
      const before = punts();
      const message = (version: number, type: number, teid: number) => {
        const header = { teid, sequence: 0x010203 };
        const bytes = buildGtpv2('deleteSessionRequest', header, { linkedBearerId: 5 });
        bytes.writeUInt8((version << 5) | 0x08, 0);
        bytes.writeUInt8(type, 1);
        return bytes;
      };
      const REQUEST = GTPV2_MESSAGES.createSessionRequest.type;
      // The header of the highest version that is spoken here and nothing else.
      const indication = Buffer.of(0x40, 3, 0, 4, 0, 0, 0, 0);
      // By the gateway where the TEID is one of its VIDs', else by the switch processor.
      for (const version of [3, 7]) {
        bench.peer.sendControl(message(version, REQUEST, known));
        await bench.settle();
        expect(last()).toEqual({ to: PEER, port: GTPC_PORT, payload: indication });
      }
      expect([malformed(), answered(), punts()]).toEqual([[2, 0], 0, before]);
      for (const teid of [0, 0x0fff0001]) {
        bench.toPeers.length = 0;
        bench.peer.sendControl(message(3, REQUEST, teid));
        await bench.settle();
        expect(last()).toEqual({ to: PEER, port: GTPC_PORT, payload: indication });
      }
      expect([malformed(), answered()]).toEqual([[2, 0], 2]);
      expect(heard).toEqual(Array(4).fill('versionNotSupported'));
      // What says so itself is not answered, or two would go on for ever.
      for (const teid of [0, known]) bench.peer.sendControl(message(3, 3, teid));
      await bench.settle();
      expect(heard).toHaveLength(4);

      heard.length = 0;
      const content = Buffer.alloc(2);
      const packet = (sequence: number, type: number) => {
        const inner = ping(session.ipv4 ?? '', HOST, sequence);
        bench.peer.sendUser(buildGPdu(gatewayUser, inner, { extensions: [{ type, content }] }));
      };
      // A PDU session container, and one of those that an end point may read past without knowing it.
      packet(1, 0x85);
      packet(2, 0x45);
      await bench.settle();
      expect(bench.atHost.map(({ sequence }) => sequence)).toEqual([1, 2]);
      expect(heard).toEqual([]);
      // Both forms of those that it must know.
      for (const [sequence, type] of [0x99, 0xd9].entries()) {
        bench.toPeers.length = 0;
        packet(sequence + 3, type);
        await bench.settle();
        expect(last()).toMatchObject({ to: PEER, port: GTPU_PORT });
        expect(parseGtpu(last().payload)).toMatchObject({
          ...{ kind: 'supportedExtensionHeaders', teid: 0, ies: { types: [0x85, 0xc0] } },
        });
      }
      expect(heard).toHaveLength(2);
      expect(bench.atHost).toHaveLength(2);
      expect(gateway().counters.unknownExtension).toBe(2);
    });
  });
}
