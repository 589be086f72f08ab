/** What GTP's peers and a gateway say to each other about paths and versions, on whatever card. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesToAddress } from '../../host/protocol/address.ts';
import { buildGtpuSignal, GPDU, GTPU_MESSAGES, GTPU_PORT } from '../../host/protocol/gtpu.ts';
import { buildGtpv2 } from '../../host/protocol/gtpv2.ts';
import { FTEID_INTERFACE } from '../../host/protocol/gtpv2-ie.ts';
import type { Ground } from '../host/switch/bench.ts';
import { GatewayBench, HOST, PEER, ping } from './gateway-bench.ts';

const OTHER_PEER = '198.51.100.8';
const END_MARKER = GTPU_MESSAGES.endMarker.type;

/** Of a frame with UDP over IPv4 and no VLAN tags. */
const UDP_PAYLOAD = 42;
const read = (frame: Buffer) => ({
  to: bytesToAddress(frame.subarray(30, 34)),
  port: frame.readUInt16BE(36),
  payload: frame.subarray(UDP_PAYLOAD, 34 + frame.readUInt16BE(38)),
});

export function describeGatewayPath(title: string, open: () => Promise<Ground>) {
  describe(title, () => {
    let bench: GatewayBench;

    beforeEach(async () => {
      bench = new GatewayBench(await open());
    });

    afterEach(async () => {
      expect(bench.failures).toEqual([]);
      await bench.close();
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
  });
}
