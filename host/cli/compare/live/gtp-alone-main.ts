/**
 * A GTP gateway without a switch processor: its VIDs are given to it once and for all, and no backup has
 * its state. Started by gtp-paths.ts with its options as one JSON argument; ends with its standard input.
 */
import { z } from 'zod';
import { Gateway } from '../../../processor/gateway.ts';
import { GatewayPort } from '../../../processor/gateway-port.ts';
import { LinkSocket } from '../../../processor/link-socket.ts';
import { systemClock } from '../../../protocol/clock.ts';
import { GtpSetup } from '../../../setup/gtp.ts';
import { loadServices } from '../../../steering/service-file.ts';
import { ServiceMap } from '../../../switch/service-map.ts';
import { GTP_SERVICE } from '../../system.ts';

const options = z
  .object({
    interface: z.string(),
    address: z.string(),
    mac: z.string(),
    first: z.number(),
    vids: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));
const { address, mac, first, vids } = options;

/** ETH_P_ALL of linux/if_ether.h: frames of any EtherType. */
const EVERY_FRAME = 0x0003;

const here: { port?: GatewayPort; gateway?: Gateway } = {};
const link = await LinkSocket.open(options.interface, {
  etherType: EVERY_FRAME,
  receive: (frame) => here.port?.receive(frame),
});
const port = new GatewayPort({
  ...{ address, mac, send: (frame) => link.send(frame) },
  downlink: (packet) => here.gateway?.downlink(packet),
  router: undefined,
});
const gateway = new Gateway({ endpoint: port.endpoint, send: (packet) => port.door.send(packet) });
here.port = port;
here.gateway = gateway;

const now = () => systemClock.now();
const { control } = new ServiceMap(loadServices([GTP_SERVICE], { address }), [
  new GtpSetup({ now, restartCounter: 1 }),
]);
const assignment = {
  ...{ slot: 0, epoch: 1, mac, number: 1, services: control, backupVids: [] },
  vids: Array.from({ length: vids }, (_, n) => first + n),
};
port.listen(assignment);
await gateway.listen(assignment);
process.stdout.write(`${JSON.stringify({ event: 'up' })}\n`);
process.stdin.on('end', () => process.exit(0));
process.stdin.on('close', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.stdin.resume();
