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
import { type Assignment, Processor } from './processor.ts';
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

function fail(message: string): never {
  process.stderr.write(`${message}\n${USAGE}\n`);
  process.exit(2);
}

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

function print(event: string, values: object): void {
  process.stdout.write(`${JSON.stringify({ event, name, ...values })}\n`);
}

function counters(): object {
  return { sessions: server.load().sessions, ...server.counters };
}

let ending = false;
async function end(why: string, status: number): Promise<void> {
  if (ending) return;
  ending = true;
  clearInterval(ticker);
  await processor.close();
  server.close();
  await endpoint.close();
  print('exit', { why, ...counters() });
  // The last line may still be on its way into a pipe.
  process.stdout.write('', () => process.exit(status));
}

processor.on('up', (assignment: Assignment) => {
  const { slot, epoch, mac, vids, backupVids } = assignment;
  print('up', { slot, epoch, mac, vids, backupVids });
});
processor.on('quiet', (error) => print('quiet', { why: error.message }));
processor.on('again', (why) => print('again', { why }));
processor.on('refused', (error) => {
  process.stderr.write(`${name}: ${error.message}\n`);
  void end(error.message, 1);
});

const ticker = setInterval(
  () => print('counters', counters()),
  Math.max(10, number('interval', options.interval, 3_600_000) ?? 1000),
);
process.on('SIGTERM', () => void end('SIGTERM', 0));
process.on('SIGINT', () => void end('SIGINT', 0));
process.on('disconnect', () => void end('the starting process is gone', 0));
process.stdout.on('error', () => process.exit(0));
if (!options.detached) {
  process.stdin.on('end', () => void end('standard input closed', 0));
  process.stdin.on('close', () => void end('standard input closed', 0));
  process.stdin.resume();
}

processor.start().catch((error: Error) => {
  if (ending) return;
  process.stderr.write(`${name}: ${error.message}\n`);
  void end(error.message, 1);
});
