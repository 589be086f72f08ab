/**
 * A GTP gateway behind the card, as a program:
 *
 *   node --import tsx host/processor/gateway-main.ts --interface eth0 --address 192.0.2.2 \
 *     --control 169.254.77.1 --name gw-1
 *
 * It speaks ARP, IP and UDP itself, over raw frames (CAP_NET_RAW): the interface must be up and have no
 * address, so that the kernel stays out of it. Standard output is one JSON object a line: `up`, `counters`
 * each second, `again`, `quiet` (it cannot send heartbeats), `exit`. It ends on SIGTERM, SIGINT, and when
 * its standard input or its IPC channel closes, so that nothing outlives the one who started it.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../protocol/clock.ts';
import type { Gateway } from './gateway.ts';
import { GatewayPort } from './gateway-port.ts';
import { replicatedGateway } from './gateway-replication.ts';
import { LinkSocket } from './link-socket.ts';
import { Processor } from './processor.ts';
import { failWith, runProcessor } from './program.ts';

const USAGE = `usage: gateway-main.ts --interface NAME --address IP --control IP --name NAME
  --address IP         the gateway's; --control IP, --control-port N: the switch processor
  --name NAME          keeps its VIDs over restarts
  --router IP          of the packet network (left out: its hosts are on the link)
  --apn NAME,NAME      networks that are served (left out: any)
  --capacity N         sessions that it can carry (100000)
  --free               answers do not wait for the backup
  --tell-backup        set-up replies say the backup's own VID, for clients that know it
  --heartbeat MS       between heartbeats, where the switch processor lets it be more
  --progress MS        without a turn of the event loop until heartbeats stop (250)
  --interval MS        between lines of counters (1000)
  --detached           do not end when standard input closes`;

/** ETH_P_ALL of linux/if_ether.h: frames of any EtherType. */
const EVERY_FRAME = 0x0003;

const fail: (message: string) => never = failWith(USAGE);

function number(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) fail(`--${name} ${text}: a number of 0 to ${max}`);
  return value;
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        interface: { type: 'string' },
        address: { type: 'string' },
        control: { type: 'string' },
        'control-port': { type: 'string' },
        name: { type: 'string' },
        router: { type: 'string' },
        apn: { type: 'string' },
        capacity: { type: 'string' },
        free: { type: 'boolean', default: false },
        'tell-backup': { type: 'boolean', default: false },
        heartbeat: { type: 'string' },
        progress: { type: 'string' },
        interval: { type: 'string' },
        detached: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    fail((error as Error).message);
  }
}

const options = readOptions();
const { address, control, name, interface: device } = options;
if (device === undefined) fail('--interface is missing');
if (address === undefined) fail('--address is missing');
if (control === undefined) fail('--control is missing');
if (name === undefined) fail('--name is missing');

/** What the port gives frames to, once it is there. */
const here: { port?: GatewayPort; gateway?: Gateway } = {};
const link = await LinkSocket.open(device, {
  etherType: EVERY_FRAME,
  receive: (frame) => here.port?.receive(frame),
});
const port = new GatewayPort({
  address,
  // Until the slot's own: any that is locally administered, and another than its neighbours'.
  mac: `06:00:${process.pid
    .toString(16)
    .padStart(8, '0')
    .replace(/(..)(?=.)/g, '$1:')}`,
  send: (frame) => link.send(frame),
  beat: (frame, interval, patience) => link.beat(frame, interval, patience),
  downlink: (packet) => here.gateway?.downlink(packet),
  router: options.router,
});
const capacity = number('capacity', options.capacity, 10_000_000);
const { gateway, replication } = replicatedGateway({
  endpoint: port.endpoint,
  tellPeer: (peer, restart) => processor.tellPeer('gtp', peer, restart),
  doubt: (vid) => processor.doubt(vid),
  send: (packet) => port.door.send(packet),
  ...(capacity === undefined ? {} : { capacity }),
  ...(options.apn === undefined ? {} : { apns: options.apn.split(',') }),
  ...(options.free ? { modes: {} } : {}),
  tellBackup: options['tell-backup'],
});
here.port = port;
here.gateway = gateway;

const controlPort = number('control-port', options['control-port'], 65535);
const progressLimit = number('progress', options.progress, 60_000);
const heartbeatInterval = number('heartbeat', options.heartbeat, 60_000);
const processor = new Processor({
  name,
  endpoint: port.endpoint,
  control: { address: control, ...(controlPort === undefined ? {} : { port: controlPort }) },
  ...(heartbeatInterval === undefined ? {} : { heartbeatInterval }),
  ...(progressLimit === undefined ? {} : { progressLimit }),
  clock: systemClock,
  replication,
  forget: (_service, peer) => gateway.forgetPeer(peer),
  leave: (_service, users) => gateway.leave(users),
  has: (_service, setup) => gateway.has(setup),
  load: () => gateway.load(),
  listen: async (assignment) => {
    port.listen(assignment);
    await gateway.listen(assignment);
  },
});

runProcessor({
  ...{ name, processor },
  counters: () => {
    const { takeovers = 0 } = replication.replicator?.counters ?? {};
    return { sessions: gateway.sessions.size, takeovers, ...gateway.counters };
  },
  close: async () => {
    gateway.close();
    await port.close();
    link.close();
  },
  interval: number('interval', options.interval, 3_600_000) ?? 1000,
  detached: options.detached,
});
