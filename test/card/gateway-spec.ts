/** What GTP sessions through card, switch processor and gateways must be like, on whatever card. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PeerSession, Refused } from '../../host/cli/demo/gtp-peer-session.ts';
import { addressToBytes } from '../../host/protocol/address.ts';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import type { Ground } from '../host/switch/bench.ts';
import { addressNumber, GatewayBench, HOST } from './gateway-bench.ts';
import { ping } from './ping.ts';

/** Message types of TS 29.274, at their place in a frame without VLAN tags. */
const CREATE_SESSION_REQUEST = 32;
const CREATE_SESSION_RESPONSE = 33;

export function describeGateway(title: string, open: () => Promise<Ground>) {
  describe(title, () => {
    let bench: GatewayBench;

    beforeEach(async () => {
      bench = new GatewayBench(await open());
    });

    afterEach(async () => {
      await bench.finish();
    });

    /** Punts of the service by any rule, other than path management. */
    const punts = () => {
      const { reasons } = bench.sp.status().punted;
      const counts = Object.entries(reasons).filter(([rule]) => rule.startsWith('gtp/'));
      return Object.fromEntries(counts);
    };
    const total = (counter: 'uplink' | 'downlink' | 'created' | 'deleted' | 'repeated') =>
      bench.gateways.reduce((sum, { gateway }) => sum + gateway.counters[counter], 0);

    const allInSync = () => bench.sp.vids.list().every(({ inSync }) => inSync);

    it.each([1, 2] as const)(
      'GTPv%i: one punt sets a session up; update, pings both ways and delete make none (G1-G5, G8, G13)',
      async (version) => {
        await bench.start(4);
        const session = await bench.during(bench.peer.create('262011234567890', version));
        const vid = vidOfTeid(session.gatewayControl);
        expect(vidOfTeid(session.gatewayUser)).toBe(vid);
        expect((addressNumber(session.ipv4 ?? '') >>> 6) & 0xffff).toBe(vid);
        const [first] = bench.gateways;
        expect(first?.processor.assignment?.vids).toContain(vid);
        const after = punts();
        expect(after).toEqual({ [`gtp/control-v${version}`]: { punt_setup: 1 } });
        const inDialog = () => bench.sp.status().punted.inDialog;
        expect(inDialog()).toBe(0);

        for (let i = 0; i < 3; i++) bench.peer.send(session, ping(session.ipv4 ?? '', HOST, i));
        await bench.settle();
        expect(bench.atHost.map(({ sequence, src }) => [sequence, src])).toEqual(
          [0, 1, 2].map((i) => [i, session.ipv4]),
        );
        // A router takes one off (RFC 1812 §5.3.1), and leaves the checksum right.
        expect(bench.atHost.map(({ ttl }) => ttl)).toEqual([63, 63, 63]);
        expect(bench.atUser.map(({ sequence, dst, type }) => [sequence, dst, type])).toEqual(
          [0, 1, 2].map((i) => [i, session.ipv4, 0]),
        );
        expect(bench.atUser.map(({ ttl }) => ttl)).toEqual([63, 63, 63]);

        // The peer's end of the tunnel moves; what comes for the user follows.
        const moved = await bench.during(bench.peer.update(session));
        bench.fromHost(ping(HOST, session.ipv4 ?? '', 9, 8));
        await bench.settle();
        expect(bench.atUser.at(-1)).toMatchObject({ sequence: 9, type: 8 });

        await bench.during(bench.peer.delete(moved));
        expect(first?.gateway.sessions.size).toBe(0);
        // G4: nothing but the set-up has visited the switch processor.
        expect(punts()).toEqual(after);
        expect(inDialog()).toBe(0);
        expect([total('uplink'), total('downlink')]).toEqual([3, 4]);
        expect(bench.sp.status().neighbours.unanswered).toBe(0);
      },
    );

    it('spreads sessions over gateways and a gateway over its VIDs (G2, G6)', async () => {
      await bench.start(4);
      const vids: number[] = [];
      for (let i = 0; i < 16; i++) {
        const session = await bench.during(bench.peer.create(`26201000000${1000 + i}`));
        vids.push(vidOfTeid(session.gatewayControl));
      }
      expect([...vids].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
      expect(bench.gateways.map(({ gateway }) => gateway.sessions.size)).toEqual([4, 4, 4, 4]);
    });

    it('gives IPv6 users a /64 whose VID the card reads (G13)', async () => {
      await bench.start(2);
      const session = await bench.during(bench.peer.create('262011234567890', 2, 'ipv4v6'));
      const bytes = addressToBytes(session.ipv6 ?? '');
      expect(bytes.readUInt16BE(4)).toBe(vidOfTeid(session.gatewayControl));
      expect(session.ipv4).toMatch(/^100\.64\./);
      const only = await bench.during(bench.peer.create('262011234567891', 1, 'ipv6'));
      expect(only.ipv4).toBeUndefined();
      expect(only.ipv6).toMatch(/^2001:db8:/);
    });

    it('a set-up that comes again reaches the gateway that has the first, and is answered alike (G1)', async () => {
      await bench.start(4);
      const answers: Buffer[] = [];
      bench.ground.onPort(0, (frame) => {
        if (frame[43] === CREATE_SESSION_RESPONSE) answers.push(frame.subarray(42));
        bench.peerEndpoint.receive(frame);
      });
      await bench.during(bench.peer.create('262011234567890'));
      const request = bench.fromPeer.at(-1) ?? Buffer.alloc(0);
      expect(request[43]).toBe(CREATE_SESSION_REQUEST);
      for (let i = 0; i < 3; i++) bench.ground.feed(0, request);
      await bench.settle();
      expect(answers).toHaveLength(4);
      expect(new Set(answers.map((bytes) => bytes.toString('hex'))).size).toBe(1);
      expect([total('created'), total('repeated')]).toEqual([1, 3]);
      expect(bench.sp.status().punted.recognised.gtp).toEqual({
        'Create Session': 1,
        'Create Session again': 3,
      });
      // The same from another port is another peer's, though the number is the same.
      const other = Buffer.from(request);
      other.writeUInt16BE(40_000, 34);
      other.writeUInt16BE(0, 40); // no checksum (RFC 768)
      bench.ground.feed(0, other);
      await bench.settle();
      expect(bench.gateways.map(({ gateway }) => gateway.counters.created)).toEqual([1, 1, 0, 0]);
    });

    it('tells what no session has: control, user plane, and errors of peers', async () => {
      await bench.start(2);
      const session = await bench.during(bench.peer.create('262011234567890'));
      const unknown = { ...session, gatewayControl: session.gatewayControl ^ 1 };
      const notFound = await bench.during(bench.peer.delete(unknown).catch((error) => error));
      expect(notFound).toBeInstanceOf(Refused);
      expect(notFound.cause).toBe(64);
      // Its end of the session is not forgotten by that here.
      const nobody = await bench.during(
        bench.peer.update({ ...session, gatewayControl: 0x0fff0001 }).catch((error) => error),
      );
      expect(nobody.cause).toBe(64);
      expect(punts()['gtp/control-v2']).toMatchObject({ punt_no_row: 1 });

      const errors: number[] = [];
      bench.peer.on('errorIndication', (teid) => errors.push(teid));
      const packet = ping(session.ipv4 ?? '', HOST, 1);
      bench.peer.send({ gatewayUser: session.gatewayUser ^ 1 }, packet);
      bench.peer.send({ gatewayUser: 0x0fff0001 }, packet);
      await bench.settle();
      expect(errors.sort()).toEqual([session.gatewayUser ^ 1, 0x0fff0001].sort());
      // Another source than the user's own goes nowhere.
      bench.peer.send(session, ping('100.127.0.1', HOST, 1));
      await bench.settle();
      expect(bench.atHost).toEqual([]);
    });

    it("an error indication of the peer's ends the session, whoever has it", async () => {
      await bench.start(4);
      const sessions = [];
      for (let i = 0; i < 4; i++) {
        sessions.push(await bench.during(bench.peer.create(`26201000000${1000 + i}`)));
      }
      const third = sessions[2];
      bench.peer.indicateError(third?.user ?? 0);
      bench.peer.indicateError(0xabcdef);
      await bench.settle();
      expect(bench.gateways.map(({ gateway }) => gateway.sessions.size)).toEqual([1, 1, 0, 1]);
      expect(bench.sp.status().punted.recognised.gtp).toMatchObject({ 'Error Indication': 2 });
      expect(bench.sp.status().punted.ends.into_all_slots).toBe(2);
    });

    it('requests of a gateway leave from a port that stands for its VID', async () => {
      await bench.start(2);
      const ports: number[] = [];
      bench.ground.onPort(0, (frame) => {
        // UDP over IPv4, GTPv2 Create Bearer, Update Bearer, Delete Bearer or GTPv1 Delete.
        if ([95, 97, 99, 20].includes(frame[43] ?? 0)) ports.push(frame.readUInt16BE(34));
        bench.peerEndpoint.receive(frame);
      });
      const v2 = await bench.during(bench.peer.create('262011234567890', 2));
      const v1 = await bench.during(bench.peer.create('262011234567891', 1));
      const [one, two] = bench.gateways;
      const held2 = one?.gateway.sessions.control(v2.gatewayControl);
      const held1 = two?.gateway.sessions.control(v1.gatewayControl);
      if (!one || !two || !held2 || !held1) throw new Error('the sessions are elsewhere');
      const before = punts();

      const quality = Buffer.alloc(22);
      const match = { protocol: 1, remoteAddress: HOST };
      const bearer = await bench.during(one.gateway.createBearer(held2, { quality, match }));
      expect(bearer?.id).toBe(6);
      const bearers: number[] = [];
      bench.peer.on('packet', (_session, _packet, id) => bearers.push(id));
      bench.fromHost(ping(HOST, v2.ipv4 ?? '', 1, 8));
      bench.fromHost(ping('203.0.113.81', v2.ipv4 ?? '', 2, 8));
      await bench.settle();
      expect(bearers).toEqual([6, 5]);

      const now = one.gateway.sessions.control(v2.gatewayControl) ?? held2;
      const rates = { uplink: 1, downlink: 2 };
      expect(await bench.during(one.gateway.updateBearer(now, { id: 6, quality }, rates))).toBe(
        true,
      );
      await bench.during(one.gateway.deleteBearer(now, 6));
      expect(one.gateway.sessions.control(v2.gatewayControl)?.bearers).toHaveLength(1);
      const ended: number[] = [];
      bench.peer.on('ended', ({ control }) => ended.push(control));
      await bench.during(one.gateway.end(now));
      await bench.during(two.gateway.end(held1));
      expect(ended).toEqual([v2.control, v1.control]);
      // The answer has our TEID; one that has none would come by the port as well.
      const base = 9152;
      const vid2 = vidOfTeid(v2.gatewayControl);
      const vid1 = vidOfTeid(v1.gatewayControl);
      expect(ports).toEqual([vid2, vid2, vid2, vid2, vid1].map((vid) => base + vid));
      expect(punts()).toEqual(before);
      expect([one.gateway.sessions.size, two.gateway.sessions.size]).toEqual([0, 0]);
    });

    it('refuses in the protocol where no gateway is up', async () => {
      await bench.start(1);
      const session = await bench.during(bench.peer.create('262011234567890', 1));
      bench.gateways[0]?.cut();
      await bench.sp.lowerSlot(0);
      const refused = (work: Promise<unknown>) => bench.during(work.catch((error) => error.cause));
      expect(await refused(bench.peer.create('262011234567891', 1))).toBe(199);
      expect(await refused(bench.peer.create('262011234567891', 2))).toBe(73);
      expect(await refused(bench.peer.update(session))).toBe(199);
      expect(bench.sp.status().punted.ends).toMatchObject({
        ...{ answered_gtpv1_199: 2, answered_gtpv2_73: 1 },
      });
    });

    it('a gateway dies: its sessions go on at its backups, and the next session, too (G9-G11)', async () => {
      await bench.start(3, { replicates: true });
      await bench.until(allInSync);
      const sessions: PeerSession[] = [];
      for (let i = 0; i < 12; i++) {
        const version = i % 2 === 0 ? 1 : 2;
        sessions.push(await bench.during(bench.peer.create(`26201000000${1000 + i}`, version)));
      }
      // Each was told the VID that its backup has of its own.
      for (const { gatewayControl, backupVid } of sessions) {
        const row = bench.sp.vids.lookup(vidOfTeid(gatewayControl));
        expect(bench.sp.vids.lookup(backupVid ?? -1)?.owner).toBe(row?.backup);
      }
      const [victim, ...others] = bench.gateways;
      expect(victim?.gateway.sessions.size).toBe(4);
      const backups = sessions
        .map(({ gatewayControl }) => bench.sp.vids.lookup(vidOfTeid(gatewayControl)))
        .map((row) => (row?.owner === victim?.name ? row?.backup : row?.owner));
      const expected = others.map(({ name }) => backups.filter((it) => it === name).length);
      const before = punts();
      victim?.cut();
      await bench.sp.lowerSlot(0);
      for (const [i, session] of sessions.entries()) {
        bench.peer.send(session, ping(session.ipv4 ?? '', HOST, i));
      }
      await bench.settle();
      expect(bench.atHost.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
        sessions.map((_, i) => i),
      );
      expect(bench.atUser).toHaveLength(12);
      // No session is lost: each is where the row of its VID had said.
      expect(others.map(({ gateway }) => gateway.sessions.size)).toEqual(expected);
      // In the control plane, too: what was set up there can be changed and ended here.
      for (const session of sessions) await bench.during(bench.peer.delete(session));
      expect(others.map(({ gateway }) => gateway.sessions.size)).toEqual([0, 0]);
      expect(punts()).toEqual(before);
      expect(bench.sp.status().punted.inDialog).toBe(0);
      const next = await bench.during(bench.peer.create('262011234567890'));
      expect(vidOfTeid(next.gatewayControl)).toBeGreaterThan(3);
    });

    it('what comes first after a death may be a packet for the user', async () => {
      await bench.start(2, { replicates: true });
      await bench.until(allInSync);
      const session = await bench.during(bench.peer.create('262011234567890'));
      bench.gateways[0]?.cut();
      await bench.sp.lowerSlot(0);
      bench.fromHost(ping(HOST, session.ipv4 ?? '', 1, 8));
      await bench.settle();
      expect(bench.atUser).toMatchObject([{ dst: session.ipv4, sequence: 1, type: 8 }]);
    });
  });
}
