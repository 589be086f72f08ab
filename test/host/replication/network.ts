/** Replicators over a channel that loses, doubles, delays and reorders, on a manual clock. */

import { ManualClock } from '../../../host/protocol/clock.ts';
import { Replicator } from '../../../host/replication/replicator.ts';
import type {
  AgreedReport,
  ReplicaPeer,
  ReplicatorOptions,
} from '../../../host/replication/replicator-options.ts';
import { KeyedState } from '../../../host/replication/state.ts';
import { Random } from '../../generators/random.ts';

export interface Weather {
  /** Of 100 datagrams. */
  readonly lost: number;
  readonly doubled: number;
  /** Longest delay in milliseconds; each datagram has its own. */
  readonly delay: number;
}

export const CALM: Weather = { lost: 0, doubled: 0, delay: 0 };
export const STORM: Weather = { lost: 20, doubled: 10, delay: 30 };

export interface Node {
  readonly peer: ReplicaPeer;
  readonly replicator: Replicator;
  /** `vid term` of copies of which it was said that they do not agree any more. */
  readonly lost: string[];
}

export class Network {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly nodes = new Map<number, Node>();
  weather: Weather;
  /** All reports, in order. */
  readonly reports: AgreedReport[] = [];
  /** Datagrams by the way they took at first. */
  readonly sent = { fabric: 0, switch: 0 };

  constructor(seed: number, weather: Weather = CALM) {
    this.random = new Random(seed);
    this.weather = weather;
  }

  /** Puts a processor into a slot; one that was there is gone. */
  add(slot: number, epoch = 1, options: Partial<ReplicatorOptions> = {}): Node {
    const peer = { name: `p${slot}`, slot, epoch };
    const lost: string[] = [];
    const replicator = new Replicator({
      clock: this.clock,
      create: () => new KeyedState(),
      send: (to, datagram, path) => {
        this.sent[path]++;
        this.#carry(node, to, Buffer.from(datagram));
      },
      report: (report) => this.reports.push(report),
      lost: async (vid, term) => {
        lost.push(`${vid} ${term}`);
      },
      modes: { session: 'gated' },
      ...options,
    });
    const node = { peer, replicator, lost };
    this.nodes.set(slot, node);
    return node;
  }

  /** Time goes on by a millisecond at a time. */
  async run(milliseconds: number): Promise<void> {
    for (let n = 0; n < milliseconds; n++) {
      await new Promise((resolve) => setImmediate(resolve));
      this.clock.advance(1);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Whether owner and backup have said the same of the VID's last mark in this term. */
  inSync(vid: number, term: number): boolean {
    const last = (role: AgreedReport['role']) =>
      this.reports.findLast((it) => it.role === role && it.vid === vid && it.term === term)?.mark;
    const [owner, backup] = [last('owner'), last('backup')];
    return owner !== undefined && JSON.stringify(owner) === JSON.stringify(backup);
  }

  #carry(from: Node, to: Omit<ReplicaPeer, 'name'>, datagram: Buffer): void {
    const { lost, doubled, delay } = this.weather;
    const times = this.random.chance(lost) ? 0 : this.random.chance(doubled) ? 2 : 1;
    for (let n = 0; n < times; n++) {
      this.clock.schedule(delay === 0 ? 0 : this.random.below(delay + 1), () => {
        const receiver = this.nodes.get(to.slot);
        // The card lets neither an old incarnation speak nor its frames reach another.
        if (receiver?.peer.epoch !== to.epoch || this.nodes.get(from.peer.slot) !== from) return;
        receiver.replicator.receive(from.peer, datagram);
      });
    }
  }
}

/** Entries in the order of their keys. */
export function entriesOf(state: KeyedState | undefined): string[] {
  return [...(state?.snapshot() ?? [])]
    .map(({ key, value }) => `${key}=${value?.toString('hex')}`)
    .sort();
}
