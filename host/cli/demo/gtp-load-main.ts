/**
 * The load of gateways as a program in the clients' namespace, on raw frames: started by the demo with its
 * options as one JSON argument. Standard output is one JSON object a line: `counts`, `open`, `end`. A line
 * on standard input ends it; so does its end.
 */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { LinkSocket } from '../../processor/link-socket.ts';
import { UserlandEndpoint } from '../../processor/userland-endpoint.ts';
import { GtpLoad } from './gtp-load.ts';
import { GtpPeer } from './gtp-peer.ts';

const options = z
  .object({
    interface: z.string(),
    address: z.string(),
    gateway: z.string(),
    host: z.string(),
    sessions: z.number(),
    setupRate: z.number(),
    packetRate: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

/** ETH_P_ALL of linux/if_ether.h: frames of any EtherType. */
const EVERY_FRAME = 0x0003;
/** Milliseconds between lines of counts. */
const INTERVAL = 250;

const here: { endpoint?: UserlandEndpoint } = {};
const link = await LinkSocket.open(options.interface, {
  etherType: EVERY_FRAME,
  receive: (frame) => here.endpoint?.receive(frame),
});
const endpoint = new UserlandEndpoint({
  address: options.address,
  mac: '0a:00:00:00:00:07',
  answers: true,
  send: (frame) => link.send(frame),
});
here.endpoint = endpoint;
const peer = new GtpPeer({ endpoint, gateway: options.gateway });
await peer.start();
const load = new GtpLoad({ ...options, peer });

const print = (event: string, more: object = {}) =>
  process.stdout.write(`${JSON.stringify({ event, ...load.counts(), ...more })}\n`);
const ticker = setInterval(() => print('counts'), INTERVAL);

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await load.close();
  clearInterval(ticker);
  print('end', { unanswered: load.unanswered(), times: load.times() });
  process.stdout.write('', () => process.exit(0));
}
createInterface({ input: process.stdin }).on('line', () => void end());
process.stdin.on('close', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

await load.open();
print('open');
