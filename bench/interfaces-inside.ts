/**
 * The part of the interface benchmark that runs in a cage: started by interfaces.ts with its order
 * as one JSON argument, never by people.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cageFolder, inCage, leaveCage, onLifeline } from '../host/cli/namespaces/cage.ts';
import { DEFAULT_TOPOLOGY, makeTopology, type Topology } from '../host/cli/namespaces/topology.ts';
import { CardBed } from './card-bed.ts';
import { steered, vidsBehind } from './frames.ts';

export interface InterfaceOrder {
  /** Path of the program that sends. */
  readonly sender: string;
  /** For the frames that it sends. */
  readonly folder: string;
  /** Where the result goes: `Try[][]`, by round. */
  readonly output: string;
  readonly rounds: number;
  /** Of one step. */
  readonly seconds: number;
  /** Frames a second to begin with, and where to end at the latest. */
  readonly least: number;
  readonly most: number;
}

export interface Try {
  /** Frames a second. */
  readonly offered: number;
  readonly sent: number;
  readonly arrived: number;
  /** Frames a second from the first one sent to the last one out. */
  readonly delivered: number;
  readonly good: boolean;
  /** Share of a processor that the model took from the first frame sent to the last one out. */
  readonly busy: number;
  /** Why it is not good; empty otherwise. */
  readonly why: string;
}

/** What the sender says; times in seconds of the monotonic clock. */
interface Sent {
  readonly sent: number;
  readonly begin: number;
  readonly end: number;
}

const STEP = 1.15;
const HALVINGS = 3;
/** Share of the offered rate that must come out, and go in, for a step to count. */
const KEPT = 0.95;
/** Seconds without another frame after which no more are waited for. */
const PATIENCE = 0.3;
const monotonic = () => Number(process.hrtime.bigint()) / 1e9;

class Wire {
  readonly #topology: Topology;
  readonly #bed: CardBed;
  readonly #order: InterfaceOrder;

  constructor(topology: Topology, bed: CardBed, order: InterfaceOrder) {
    this.#topology = topology;
    this.#bed = bed;
    this.#order = order;
  }

  /** Sends at a rate for one step. */
  async try(rate: number): Promise<Try> {
    const offered = Math.round(rate);
    const count = Math.round(rate * this.#order.seconds);
    const { client } = this.#topology;
    const before = await this.#arrivals();
    const { out: outBefore, busy: busyBefore } = await this.#progress();
    const sending = client.run(this.#order.sender, [
      client.interface,
      String(offered),
      String(count),
      join(this.#order.folder, 'frames'),
    ]);
    let sent: Sent | undefined;
    const done = sending.then((text) => {
      sent = JSON.parse(text) as Sent;
    });
    let out = 0;
    let lastOut = monotonic();
    for (;;) {
      const now = (await this.#progress()).out - outBefore;
      if (now !== out) lastOut = monotonic();
      out = now;
      if (sent && (out >= sent.sent || monotonic() - Math.max(lastOut, sent.end) > PATIENCE)) break;
      await setTimeout(2);
      if (sent === undefined) await Promise.race([done, setTimeout(2)]);
    }
    await done;
    const { begin, end, sent: frames } = sent;
    const arrived = (await this.#arrivals()) - before;
    const delivered = arrived / (lastOut - begin);
    const busy = ((await this.#progress()).busy - busyBefore) / (lastOut - begin);
    let why = '';
    if (frames / (end - begin) < KEPT * offered)
      why = `the sender reached only ${Math.round(frames / (end - begin))}/s`;
    else if (arrived !== frames) why = `${frames - arrived} lost (${await this.#losses()})`;
    else if (delivered < KEPT * offered)
      why = `the last came out ${Math.round((lastOut - end) * 1000)} ms late`;
    return { offered, sent: frames, arrived, delivered, busy, good: why === '', why };
  }

  /** Frames that have left by the fabric port, and seconds that the model took for all so far. */
  async #progress(): Promise<{ out: number; busy: number }> {
    const { ports, busySeconds } = await this.#bed.simulated.statistics();
    return { out: ports[1]?.framesOut ?? 0, busy: busySeconds };
  }

  /** Frames that the kernel has counted behind the fabric's veth. */
  async #arrivals(): Promise<number> {
    const [processor] = this.#topology.processors;
    if (processor === undefined) throw new Error('the topology has no processor');
    const text = await processor.run('cat', ['/proc/net/dev']);
    const line = text.split('\n').find((one) => one.trim().startsWith(`${processor.interface}:`));
    const packets = Number(line?.split(':')[1]?.trim().split(/\s+/)[1]);
    if (!Number.isInteger(packets)) throw new Error(`${processor.interface}: not in /proc/net/dev`);
    return packets;
  }

  #drops = new Map<string, number>();
  /** Where frames have been lost since the last time that one asked. */
  async #losses(): Promise<string> {
    const [counters, { ports }] = await Promise.all([
      this.#bed.card.snapshot(),
      this.#bed.simulated.statistics(),
    ]);
    const now = new Map<string, number>();
    for (const [port, { drops }] of ports.entries())
      for (const [cause, count] of Object.entries(drops)) now.set(`port ${port} ${cause}`, count);
    for (const { end, reason, packets } of counters.ends)
      if (end === 'drop') now.set(reason, (now.get(reason) ?? 0) + Number(packets));
    const grown = [...now]
      .map(([cause, count]) => [cause, count - (this.#drops.get(cause) ?? 0)] as const)
      .filter(([, count]) => count > 0)
      .map(([cause, count]) => `${cause} ${count}`);
    this.#drops = now;
    return grown.join(', ') || 'before the card: the veth';
  }
}

/** One ramp up to loss, then closer to the rate where it begins. */
async function round(wire: Wire, start: number, most: number): Promise<Try[]> {
  const tries: Try[] = [];
  const attempt = async (rate: number) => {
    let result = await wire.try(rate);
    tries.push(result);
    if (!result.good && result.arrived === result.sent) {
      // Nothing was lost, but something was late: another program may have had the processor.
      result = await wire.try(rate);
      tries.push(result);
    }
    return result.good;
  };
  let good = 0;
  let rate = start;
  while (rate <= most && (await attempt(rate))) {
    good = rate;
    rate *= STEP;
  }
  if (rate > most) return tries;
  for (let n = 0; n < HALVINGS; n++) {
    const middle = (good + rate) / 2;
    if (await attempt(middle)) good = middle;
    else rate = middle;
  }
  return tries;
}

async function main(order: InterfaceOrder): Promise<void> {
  await cageFolder();
  const topology = await makeTopology({ ...DEFAULT_TOPOLOGY, processors: 1 });
  const frames = vidsBehind(1, 1024).map((vid) => steered(vid));
  await writeFile(join(order.folder, 'frames'), Buffer.concat(frames));
  const bed = await CardBed.open({ mode: 'live' });
  try {
    await bed.simulated.attachInterface(0, topology.line);
    await bed.simulated.attachInterface(1, topology.fabric[0] ?? '');
    const wire = new Wire(topology, bed, order);
    await wire.try(order.least); // all that is used for the first time
    const rounds: Try[][] = [];
    let start = order.least;
    for (let n = 0; n < order.rounds; n++) {
      const tries = await round(wire, start, order.most);
      const best = Math.max(0, ...tries.filter(({ good }) => good).map(({ offered }) => offered));
      process.stderr.write(`  round ${n + 1}: ${best} frames/s without loss\n`);
      start = Math.max(order.least, best / STEP ** 4);
      rounds.push(tries);
    }
    await writeFile(order.output, JSON.stringify(rounds));
  } finally {
    await bed.close();
  }
}

if (inCage() && process.argv[2] !== undefined) {
  onLifeline(() => void leaveCage(130));
  let status = 0;
  try {
    await main(JSON.parse(process.argv[2]) as InterfaceOrder);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.stack : String(error)}\n`);
    status = 1;
  }
  await leaveCage(status);
}
