/** Replication without a card: records a second, gated and free, and a copy of very many sessions. */
import { type Clock, systemClock } from '../host/protocol/clock.ts';
import { Replicator } from '../host/replication/replicator.ts';
import { KeyedState } from '../host/replication/state.ts';
import type { Benchmark, Context } from './benchmark.ts';
import type { Measured } from './report.ts';
import { interleave, type Spread, spreadOf } from './spread.ts';

const RECORDS = { quick: 20_000, full: 200_000 };
const ENTRIES = { quick: 50_000, full: 1_000_000 };
const ROUNDS = { quick: 1, full: 5 };
/** Bytes of a session's state: a key of 12 and a value of 100. */
const VALUE = 100;
const VIDS = Array.from({ length: 16 }, (_, vid) => vid);
/** Changes between two turns of the event loop: what a batch of frames brings. */
const BATCH = 64;
/** AIM of issue 4. */
const AIM = 100_000;

const OWNER = { name: 'owner', slot: 0, epoch: 1 };
const BACKUP = { name: 'backup', slot: 1, epoch: 1 };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An owner and a backup in one thread; datagrams are handed over in the next microtask. */
export class Pair {
  readonly owner: Replicator;
  readonly backup: Replicator;
  datagrams = 0;
  bytes = 0;
  /** VIDs of which both ends said the same. */
  readonly agreed = new Set<number>();
  readonly #said = new Map<number, string>();

  constructor(clock: Clock = systemClock) {
    const make = (self: typeof OWNER, other: () => Replicator) =>
      new Replicator({
        clock,
        create: () => new KeyedState(),
        modes: { session: 'gated' },
        retry: 1000, // nothing is lost here; a long pause is no loss either
        send: (_to, datagram) => {
          this.datagrams++;
          this.bytes += datagram.length;
          const frame = Buffer.from(datagram);
          queueMicrotask(() => other().receive(self, frame));
        },
        report: ({ vid, mark }) => {
          const said = `${mark.log} ${mark.place} ${mark.digest}`;
          if (this.#said.get(vid) === said) this.agreed.add(vid);
          this.#said.set(vid, said);
        },
        lost: async (vid) => void this.agreed.delete(vid),
      });
    this.owner = make(OWNER, () => this.backup);
    this.backup = make(BACKUP, () => this.owner);
    this.owner.assign(VIDS, []);
    this.backup.assign([], VIDS);
  }

  copy(): void {
    this.owner.copy(VIDS, 1, BACKUP, 'backup');
  }

  async allAgree(): Promise<void> {
    while (this.agreed.size < VIDS.length) await turn();
  }

  /** Throws where the copies are not what the originals are. */
  check(): void {
    for (const vid of VIDS) {
      const [own, copy] = [this.owner.state(vid)?.digest(), this.backup.copyOf(vid)?.digest()];
      if (own === undefined || own !== copy) throw new Error(`VID ${vid}: ${own}, ${copy}`);
    }
  }

  close(): void {
    this.owner.close();
    this.backup.close();
  }
}

interface Rate {
  readonly perSecond: number;
  /** Microseconds of processor time a record, both ends together. */
  readonly cpu: number;
}

interface RateSpread {
  readonly rate: Spread;
  readonly cpu: Spread;
}

/** Changes of sessions, each answered when it may be. */
async function records(count: number, messageClass: string): Promise<Rate> {
  const pair = new Pair();
  pair.copy();
  await pair.allAgree();
  const value = Buffer.alloc(VALUE, 7);
  let left = 0;
  const begin = performance.now();
  const before = process.cpuUsage();
  for (let n = 0; n < count; ) {
    for (const end = Math.min(count, n + BATCH); n < end; n++) {
      const vid = n % VIDS.length;
      pair.owner.change(vid, { key: `s${n % 50_000}`.padEnd(12), value });
      pair.owner.reply(vid, messageClass, () => left++);
    }
    await turn();
  }
  while (left < count || pair.owner.sources().next().value?.log.waiting) await turn();
  const perSecond = count / ((performance.now() - begin) / 1000);
  const { user, system } = process.cpuUsage(before);
  pair.check();
  pair.close();
  return { perSecond, cpu: (user + system) / count };
}

async function copyOf(
  entries: number,
): Promise<Record<'seconds' | 'datagrams' | 'megabytes', number>> {
  const pair = new Pair();
  const value = Buffer.alloc(VALUE, 7);
  for (let n = 0; n < entries; n++) {
    pair.owner.change(n % VIDS.length, { key: `s${n}`.padEnd(12), value });
  }
  const begin = performance.now();
  pair.copy();
  await pair.allAgree();
  const seconds = (performance.now() - begin) / 1000;
  pair.check();
  const { datagrams, bytes } = pair;
  pair.close();
  return { seconds, datagrams, megabytes: bytes / 1e6 };
}

async function run({ quick, say }: Context): Promise<Measured> {
  const size = quick ? 'quick' : 'full';
  say(`${RECORDS[size]} records, ${ROUNDS[size]} times, gated and free in turn`);
  const rates = await interleave(ROUNDS[size], {
    free: () => records(RECORDS[size], 'user plane'),
    gated: () => records(RECORDS[size], 'session'),
  });
  say(`a copy of ${ENTRIES[size]} sessions`);
  const copy = await copyOf(ENTRIES[size]);
  const [free, gated] = [rates.free, rates.gated].map((list) => ({
    rate: spreadOf(list.map(({ perSecond }) => perSecond)),
    cpu: spreadOf(list.map(({ cpu }) => cpu)),
  })) as [RateSpread, RateSpread];
  return {
    configuration: '-',
    method: [
      `Owner and backup in one thread of one process, without a card: both ends' work on one core. ${VIDS.length} VIDs, entries of ${VALUE} bytes with keys of 12, ${BATCH} changes a turn of the event loop; the digest is kept up on both sides and compared in the end.`,
      'Gated: each reply leaves when the backup has acknowledged its record; the time ends when the last has left.',
      'The copy: from the word to make it until both ends agree about every VID.',
    ],
    headlines: [
      {
        what: 'replicated records, free',
        value: free.rate.median,
        unit: 'records/s',
        aim: { least: AIM },
      },
      { what: 'replicated records, gated', value: gated.rate.median, unit: 'records/s' },
      { what: `copy of ${ENTRIES[size]} sessions`, value: copy.seconds, unit: 's' },
    ],
    tables: [
      {
        caption: 'Replication',
        columns: [
          { key: 'what', title: 'what' },
          { key: 'rate', title: 'a second, median (low to high)' },
          { key: 'cpu', title: 'CPU µs each, both ends', digits: 2 },
          { key: 'datagrams', title: 'datagrams' },
          { key: 'megabytes', title: 'megabytes', digits: 1 },
        ],
        rows: [
          { what: 'records, free', ...free },
          { what: 'records, gated', ...gated },
          {
            what: 'sessions copied',
            rate: ENTRIES[size] / copy.seconds,
            datagrams: copy.datagrams,
            megabytes: copy.megabytes,
          },
        ],
      },
    ],
    limits: ['No fabric between them: what the network costs, and its round trip, is not in it.'],
  };
}

export const replication: Benchmark = {
  name: 'replication',
  title: 'Replication',
  run,
};
