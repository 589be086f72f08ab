/**
 * A SIP server behind the card, as a program:
 *
 *   node --import tsx host/processor/main.ts --interface eth0 --address 192.0.2.10 \
 *     --control 169.254.77.1 --name sip-1
 *
 * The interface must be up, hold the address, and have routes to the control address and to the
 * clients, all on-link. Standard output is one JSON object a line: `up`, `counters` each second,
 * `again`, `quiet` (it cannot send heartbeats), `exit`. It ends on SIGTERM, SIGINT, and when its
 * standard input or its IPC channel closes, so that nothing outlives the one who started it.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../protocol/clock.ts';
import { KernelEndpoint } from './kernel-endpoint.ts';
import { Processor } from './processor.ts';
import { failWith, runProcessor } from './program.ts';
import { SipServer } from './sip-server.ts';

const USAGE = `usage: main.ts --address IP --control IP --name NAME
  --interface NAME     set its MAC address to the slot's (left out: none is set)
  --address IP         virtual address; --control IP, --control-port N: the switch processor
  --name NAME          keeps its VIDs over restarts
  --slot N             ask for this slot
  --vids 0-15,20       ask for these VIDs (left out: the switch processor chooses)
  --capacity N         sessions that it can carry (100000)
  --ring MS            from 180 to 200 (0)
  --refuse STATUS      refuse all calls, as 486
  --heartbeat MS       between heartbeats, where the switch processor lets it be more
  --interval MS        between lines of counters (1000)
  --detached           do not end when standard input closes`;

const fail: (message: string) => never = failWith(USAGE);

function number(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) fail(`--${name} ${text}: a number of 0 to ${max}`);
  return value;
}

/** `0-15,20` */
function list(name: string, text: string | undefined, max: number): number[] | undefined {
  return text?.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map((end) => number(name, end, max) ?? 0);
    if (last < first || part.split('-').length > 2) fail(`--${name} ${part}: write it as 0-15,20`);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
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
        slot: { type: 'string' },
        vids: { type: 'string' },
        capacity: { type: 'string' },
        ring: { type: 'string' },
        refuse: { type: 'string' },
        heartbeat: { type: 'string' },
        interval: { type: 'string' },
        detached: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    fail((error as Error).message);
  }
}

const options = readOptions();
const { address, control, name } = options;
if (address === undefined) fail('--address is missing');
if (control === undefined) fail('--control is missing');
if (name === undefined) fail('--name is missing');

const clock = systemClock;
const endpoint = new KernelEndpoint({ interface: options.interface, address });
const capacity = number('capacity', options.capacity, 10_000_000);
const refuse = number('refuse', options.refuse, 699);
const server = new SipServer({
  endpoint,
  clock,
  ring: number('ring', options.ring, 3_600_000) ?? 0,
  ...(capacity === undefined ? {} : { capacity }),
  ...(refuse === undefined ? {} : { refuse }),
});
const controlPort = number('control-port', options['control-port'], 65535);
const heartbeatInterval = number('heartbeat', options.heartbeat, 60_000);
const wantsSlot = number('slot', options.slot, 63);
const wantsVids = list('vids', options.vids, 65535);
const processor = new Processor({
  name,
  endpoint,
  control: { address: control, ...(controlPort === undefined ? {} : { port: controlPort }) },
  ...(heartbeatInterval === undefined ? {} : { heartbeatInterval }),
  ...(wantsSlot === undefined ? {} : { wantsSlot }),
  ...(wantsVids === undefined ? {} : { wantsVids }),
  clock,
  load: () => server.load(),
  openSetups: () => ({ service: 'sip', keys: server.longRinging() }),
  listen: (assignment) => server.listen(assignment),
});

runProcessor({
  ...{ name, processor },
  counters: () => ({ sessions: server.load().sessions, ...server.counters }),
  close: async () => {
    server.close();
    await endpoint.close();
  },
  interval: number('interval', options.interval, 3_600_000) ?? 1000,
  detached: options.detached,
});
