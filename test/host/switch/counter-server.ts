/**
 * A small application with state, for tests of replication: sessions that count. Text over UDP.
 *
 * | to | request | answer |
 * |---|---|---|
 * | the well-known port | `new ID` | `ok ID PORT`: the session's VID as a port; gated |
 * | the VID's port | `add ID N` | `sum ID N COUNT`; gated; the same N again gives the same answer |
 * | | `get ID N` | `is ID N COUNT`; free |
 * | | of a session that is not there | `none ID N` |
 */
import type {
  DatagramEndpoint,
  DatagramSocket,
  Peer,
} from '../../../host/processor/datagram-endpoint.ts';
import { ListeningPorts } from '../../../host/processor/listening-ports.ts';
import type { Assignment } from '../../../host/processor/processor.ts';
import { portOfVid } from '../../../host/processor/processor.ts';
import { Replication, type ReplicationOptions } from '../../../host/processor/replication.ts';
import type { Clock } from '../../../host/protocol/clock.ts';
import { KeyedState } from '../../../host/replication/state.ts';

export const SERVICE = 'counter';

export interface CounterServerOptions {
  readonly endpoint: DatagramEndpoint;
  readonly clock: Clock;
  readonly replication?: Partial<ReplicationOptions>;
}

export class CounterServer {
  readonly replication: Replication;
  /** Requests served, in order: text and how they came. */
  readonly served: string[] = [];
  readonly counters = { direct: 0, passedOn: 0, passedHere: 0, none: 0 };
  /** Capacity that it reports. */
  capacity = 1000;
  readonly #ports: ListeningPorts;
  #assignment: Assignment | undefined;
  #turn = 0;

  constructor({ endpoint, clock, replication = {} }: CounterServerOptions) {
    this.replication = new Replication({
      clock,
      create: () => new KeyedState(),
      modes: { session: 'gated', count: 'gated' },
      retry: 5,
      ...replication,
    });
    this.replication.on('packet', (_vid, bytes) => {
      const { port, from, text } = JSON.parse(bytes.toString());
      this.counters.passedHere++;
      this.#take(port, text, from);
    });
    this.#ports = new ListeningPorts(endpoint, SERVICE, (socket, payload, from, wellKnown) => {
      const text = payload.toString();
      if (wellKnown) this.#open(socket, text, from);
      else this.#take(socket.port, text, from);
    });
    // What the kernel still holds for an earlier incarnation must not be answered by this one.
    this.replication.on('began', () => this.#ports.close());
    this.#endpoint = endpoint;
  }

  readonly #endpoint: DatagramEndpoint;
  #answers: DatagramSocket | undefined;

  async listen(assignment: Assignment): Promise<void> {
    this.#assignment = assignment;
    this.#answers ??= await this.#endpoint.bind(0, () => {});
    await this.#ports.listen(assignment);
  }

  load(): { sessions: number; capacity: number } {
    let sessions = 0;
    const { replicator } = this.replication;
    for (const vid of replicator?.served() ?? []) sessions += this.#state(vid)?.size ?? 0;
    return { sessions, capacity: this.capacity };
  }

  /** Sessions that it serves, as `ID=COUNT`. */
  sessions(): string[] {
    const { replicator } = this.replication;
    return (replicator?.served() ?? []).flatMap((vid) =>
      [...(this.#state(vid)?.snapshot() ?? [])].map(
        ({ key, value }) => `${key}=${value?.readUInt32BE(0)}`,
      ),
    );
  }

  close(): void {
    this.#ports.close();
    this.replication.end();
  }

  #state(vid: number): KeyedState | undefined {
    return this.replication.replicator?.state(vid) as KeyedState | undefined;
  }

  #open(socket: DatagramSocket, text: string, from: Peer): void {
    const { replicator } = this.replication;
    const vids = replicator?.served() ?? [];
    const id = text.split(' ')[1] ?? '';
    const known = vids.find((vid) => this.#state(vid)?.get(id) !== undefined);
    const vid = known ?? vids[this.#turn++ % Math.max(1, vids.length)];
    if (vid === undefined || replicator === undefined) return;
    this.served.push(text);
    if (known === undefined) replicator.change(vid, { key: id, value: Buffer.alloc(4) });
    const port = this.#portOf(vid);
    replicator.reply(vid, 'session', () => socket.send(Buffer.from(`ok ${id} ${port}`), from));
  }

  #take(port: number, text: string, from: Peer): void {
    const { replicator } = this.replication;
    const vid = this.#vidOf(port);
    const where = replicator?.arrives(vid) ?? 'none';
    if (where === 'pass') {
      this.counters.passedOn++;
      replicator?.pass(vid, Buffer.from(JSON.stringify({ port, from, text })));
      return;
    }
    const [verb = '', id = '', n = ''] = text.split(' ');
    const answer = (words: string) => void this.#answers?.send(Buffer.from(words), from);
    const value = where === 'serve' ? this.#state(vid)?.get(id) : undefined;
    if (value === undefined || replicator === undefined) {
      this.counters.none++;
      answer(`none ${id} ${n}`);
      return;
    }
    this.served.push(text);
    this.counters.direct++;
    if (verb === 'get') {
      replicator.reply(vid, 'read', () => answer(`is ${id} ${n} ${value.readUInt32BE(0)}`));
      return;
    }
    const count = value.readUInt32BE(0) + 1;
    const next = Buffer.alloc(4);
    next.writeUInt32BE(count);
    replicator.change(vid, { key: id, value: next });
    replicator.reply(vid, 'count', () => answer(`sum ${id} ${n} ${count}`));
  }

  #portOf(vid: number): number {
    const service = this.#assignment?.services.find(({ name }) => name === SERVICE);
    return (service && portOfVid(service, vid)) ?? 0;
  }

  #vidOf(port: number): number {
    return port - this.#portOf(0);
  }
}
