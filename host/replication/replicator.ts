/**
 * All that a processor has to do with replication: the states of the VIDs that it owns, their
 * backups, the copies that it keeps for others, and who owns a VID when a packet for it comes.
 *
 * Ownership changes in three ways. The switch processor says so (`own`). An owner hands over, in
 * its log (`yield` there, here the end of the log). Or the owner died and the card turned to us:
 * then the packet itself says so, and the copy that agreed becomes the state.
 */
import { EventEmitter } from 'node:events';
import { parseDatagram } from './log-datagram.ts';
import { MovedVids } from './moved-vids.ts';
import { OwnedVid } from './owned-vid.ts';
import type {
  CopyRole,
  ReplicaPeer,
  ReplicatorEvents,
  ReplicatorOptions,
} from './replicator-options.ts';
import { Sink } from './sink.ts';
import { Sinks } from './sinks.ts';
import { type CopyPhase, Source } from './source.ts';
import { keyOf, Sources } from './sources.ts';
import type { ReplicatedState, StateRecord } from './state.ts';

export type * from './replicator-options.ts';

export class Replicator extends EventEmitter<ReplicatorEvents> {
  readonly counters = { takeovers: 0, handovers: 0, passed: 0, held: 0, let: 0, foreign: 0 };
  readonly #options: ReplicatorOptions;
  readonly #owned = new Map<number, OwnedVid>();
  readonly #moved: MovedVids;
  /** Copies that agreed, and from whom. */
  readonly #copies = new Map<number, { readonly state: ReplicatedState; readonly from: string }>();
  readonly #sources = new Sources((to) => this.#makeSource(to));
  readonly #sinks = new Sinks((from) => this.#makeSink(from));
  #logs = 0;

  constructor(options: ReplicatorOptions) {
    super();
    this.#options = options;
    this.#moved = new MovedVids(options.clock);
  }

  /** VIDs that are served here, in rising order: those that may be given to new sessions. */
  served(): number[] {
    return [...this.#owned]
      .filter(([, { yieldedTo }]) => yieldedTo === undefined)
      .map(([vid]) => vid)
      .sort((a, b) => a - b);
  }

  /** The state of a VID that this processor serves. */
  state(vid: number): ReplicatedState | undefined {
    const owned = this.#owned.get(vid);
    return owned?.yieldedTo === undefined ? owned?.state : undefined;
  }

  /** A copy that agreed. */
  copyOf(vid: number): ReplicatedState | undefined {
    return this.#copies.get(vid)?.state;
  }

  phase(vid: number, role: CopyRole = 'backup'): CopyPhase | undefined {
    const target = this.#owned.get(vid)?.targets.get(role);
    return target?.source.phase(vid);
  }

  sources(): IterableIterator<Source> {
    return this.#sources.values();
  }

  /** What the switch processor says: VIDs of ours, and those of which we are to keep copies. */
  assign(vids: readonly number[], backupVids: readonly number[]): void {
    const listed = new Set(vids);
    const backups = new Set(backupVids);
    for (const vid of vids) {
      const owned = this.#owned.get(vid);
      if (owned === undefined) {
        const state = this.#copies.get(vid)?.state ?? this.#options.create(vid);
        this.#become(vid, 'assigned', state);
      } else owned.confirm();
    }
    for (const [vid, owned] of this.#owned) {
      // One that we took over, or were handed, is ours before the switch processor says so.
      if (listed.has(vid) || (backups.has(vid) && owned.yieldedTo === undefined)) continue;
      if (owned.yieldedTo !== undefined) this.#moved.set(vid, owned.yieldedTo);
      this.#drop(vid, owned);
    }
    for (const vid of this.#copies.keys()) {
      if (!backups.has(vid)) this.#copies.delete(vid);
    }
  }

  /**
   * Whether a packet for the VID that the card brought is ours to serve. `pass`: give it to
   * `pass`. `none`: there is no state here, and nobody known who has it.
   */
  arrives(vid: number): 'serve' | 'pass' | 'none' {
    const owned = this.#owned.get(vid);
    // Until the switch processor has said where it is, what comes was on its way already.
    if (owned !== undefined) return owned.yieldedTo === undefined ? 'serve' : 'pass';
    // Who handed it over keeps a copy of it, and must not take what comes late for its new owner's death.
    if (this.#moved.isLate(vid)) return 'pass';
    const copy = this.#copies.get(vid);
    if (copy !== undefined) {
      // The card brings packets to a backup only when the owner is down and cannot speak any more.
      this.#become(vid, 'takeover', copy.state);
      return 'serve';
    }
    if (this.#moved.to(vid) !== undefined) return 'pass';
    this.counters.foreign++;
    return 'none';
  }

  /** Gives a packet, in the application's own form, to who owns its VID now. */
  pass(vid: number, bytes: Uint8Array): void {
    const to = this.#owned.get(vid)?.yieldedTo ?? this.#moved.to(vid);
    if (to === undefined) return;
    this.counters.passed++;
    this.#sources.of(to).packet(vid, bytes);
  }

  /** A change of a VID's state: made here, and told to its backups. */
  change(vid: number, record: StateRecord): void {
    const owned = this.#owned.get(vid);
    if (owned === undefined || owned.yieldedTo !== undefined) {
      throw new Error(`VID ${vid} is not served here; ask arrives() for each packet first`);
    }
    owned.state.apply(record);
    owned.tell(record);
  }

  /** Lets a reply of a class leave: at once, or when the backup has the state that caused it. */
  reply(vid: number, messageClass: string, leave: () => void): void {
    const owned = this.#owned.get(vid);
    if (this.#options.modes?.[messageClass] !== 'gated' || owned === undefined) {
      leave();
      return;
    }
    const count = () => {
      this.counters.let++;
      leave();
    };
    if (owned.unconfirmed !== undefined) {
      this.counters.held++;
      owned.unconfirmed.push(count);
      return;
    }
    const sources = owned.guards();
    if (sources.length === 0) {
      leave();
      return;
    }
    this.counters.held++;
    let left = sources.length;
    for (const source of sources) source.hold(vid, () => --left === 0 && count());
  }

  /** Keeps a copy of VIDs of ours at `peer`, as the switch processor says; the row does not count on it until both ends agree. */
  copy(vids: readonly number[], term: number, peer: ReplicaPeer, role: CopyRole): void {
    for (const vid of vids) {
      const owned = this.#told(vid);
      if (owned === undefined) continue;
      owned.confirm();
      const old = owned.targets.get(role);
      if (old !== undefined && old.term === term && keyOf(old.peer) === keyOf(peer)) {
        // Told once more: the switch processor may not have heard that it agrees.
        this.#sources.of(peer).mark(vid);
        continue;
      }
      const source = this.#sources.of(peer);
      owned.targets.set(role, { peer, term, source });
      const next = owned.targets.get('next');
      if (role === 'backup' && next?.term === term && keyOf(next.peer) === keyOf(peer)) {
        owned.targets.delete('next'); // its copy has become the backup's
      }
      if (role === 'backup') owned.guarded = source.phase(vid) === 'agreed';
      if (old !== undefined && keyOf(old.peer) !== keyOf(peer)) this.#leave(vid, old.peer);
      source.open(vid, term);
    }
    this.#tidy();
  }

  /** Keeps no copy in this role any more; what waited for it leaves. */
  uncopy(vids: readonly number[], role: CopyRole): void {
    for (const vid of vids) {
      const owned = this.#owned.get(vid);
      const old = owned?.targets.get(role);
      if (owned === undefined || old === undefined) continue;
      owned.targets.delete(role);
      if (role === 'backup') owned.guarded = false;
      this.#leave(vid, old.peer);
    }
    this.#tidy();
  }

  /**
   * Stops serving a VID and hands it over to `peer`, whose copy agrees; resolves when it has all of
   * the log. Packets that come from then on are passed on. Rejects where its copy does not agree.
   */
  async yield(vid: number, term: number, peer: ReplicaPeer): Promise<void> {
    const owned = this.#owned.get(vid);
    if (owned === undefined) throw new Error(`VID ${vid} is not owned here`);
    if (owned.yieldedTo !== undefined) {
      if (keyOf(owned.yieldedTo) === keyOf(peer)) return;
      throw new Error(`VID ${vid} was handed over to ${owned.yieldedTo.name} already`);
    }
    const source = this.#sources.get(peer);
    if (source?.phase(vid) !== 'agreed') throw new Error(`${peer.name} has no copy of VID ${vid}`);
    owned.yieldedTo = peer;
    this.counters.handovers++;
    this.emit('yielded', vid, peer);
    const handed = source.handOver(vid, term);
    for (const [role, target] of owned.targets) {
      if (keyOf(target.peer) === keyOf(peer)) owned.targets.delete(role);
    }
    try {
      await handed;
    } catch (error) {
      if (owned.yieldedTo === peer) this.resume(vid);
      throw error;
    }
  }

  /** Serves a VID again whose new owner died before the card knew it. */
  resume(vid: number): void {
    const owned = this.#owned.get(vid);
    if (owned?.yieldedTo === undefined) return;
    const source = this.#sources.get(owned.yieldedTo);
    owned.yieldedTo = undefined;
    source?.giveUp(vid);
    // What its new owner has changed since, it had not promised to anybody.
    this.#copies.delete(vid);
    this.#sinks.forget(vid);
    this.emit('owned', vid, 'assigned', owned.state);
  }

  /** Compares the digests of all copies that agree with their originals once more. */
  check(): void {
    for (const [vid, { targets }] of this.#owned) {
      for (const { source } of targets.values()) source.mark(vid);
    }
  }

  /** A datagram of another processor, which the card or the switch processor vouches for. */
  receive(from: Omit<ReplicaPeer, 'name'>, bytes: Buffer): void {
    const datagram = parseDatagram(bytes);
    if (datagram === undefined) return;
    if (datagram.kind === 'log') this.#sinks.of(from).receive(datagram);
    else this.#sources.get(from)?.receive(datagram);
  }

  /** Idempotent. */
  close(): void {
    this.#sources.clear();
    this.#sinks.clear();
  }

  /** The switch processor speaks to us as the owner: so we are, and what we handed over came to nothing. */
  #told(vid: number): OwnedVid | undefined {
    const owned = this.#owned.get(vid);
    if (owned !== undefined) {
      if (owned.yieldedTo !== undefined) this.resume(vid);
      return owned;
    }
    // An old message about a VID that has moved on, unless a copy of it came back meanwhile.
    const copy = this.#copies.get(vid);
    if (copy === undefined && this.#moved.to(vid) !== undefined) return undefined;
    return this.#become(vid, 'assigned', copy?.state ?? this.#options.create(vid));
  }

  #become(
    vid: number,
    how: 'assigned' | 'handover' | 'takeover',
    state: ReplicatedState,
  ): OwnedVid {
    const owned = new OwnedVid(vid, state, how !== 'handover');
    this.#owned.set(vid, owned);
    // The first packet and the switch processor's word race: whichever is first puts the copy into service.
    if (this.#copies.delete(vid) && how !== 'handover') this.counters.takeovers++;
    this.#moved.delete(vid);
    this.#sinks.forget(vid);
    this.emit('owned', vid, how, state);
    return owned;
  }

  #drop(vid: number, owned: OwnedVid): void {
    this.#owned.delete(vid);
    this.#dropTargets(vid, owned);
    this.emit('gone', vid);
  }

  #dropTargets(vid: number, owned: OwnedVid): void {
    const peers = [...owned.targets.values()].map(({ peer }) => peer);
    owned.targets.clear();
    for (const peer of peers) this.#leave(vid, peer);
  }

  /** Ends the copy at `peer`, unless another role needs it. */
  #leave(vid: number, peer: ReplicaPeer): void {
    if (this.#owned.get(vid)?.isCopiedTo(peer) === true) return;
    this.#sources.get(peer)?.close(vid);
  }

  #makeSource(peer: Omit<ReplicaPeer, 'name'>): Source {
    const key = keyOf(peer);
    const { clock, send, window, retry, limit } = this.#options;
    const source = new Source({
      clock,
      nextLog: () => ++this.#logs,
      // What the switch processor did not get through goes the straight way the next time.
      send: (datagram, path, again) => send(peer, datagram, again > 0 ? 'fabric' : path),
      state: (vid) => this.#stateOf(vid),
      agreed: (vid, term, mark) => {
        const owned = this.#owned.get(vid);
        if (owned === undefined) return;
        const backup = owned.targets.get('backup');
        if (backup?.term === term && keyOf(backup.peer) === key) owned.guarded = true;
        this.#options.report({ role: 'owner', vid, term, mark });
      },
      lost: (vid, term, why) => this.#lost(vid, term, source, why),
      ...(window === undefined ? {} : { window }),
      ...(retry === undefined ? {} : { retry }),
      ...(limit === undefined ? {} : { limit }),
    });
    return source;
  }

  #stateOf(vid: number): ReplicatedState {
    const owned = this.#owned.get(vid);
    if (owned === undefined) throw new Error(`VID ${vid} is copied and not owned here`);
    return owned.state;
  }

  #lost(vid: number, term: number, source: Source, why: string): void {
    this.#options.lost(vid, term, why).then(
      () => {
        const owned = this.#owned.get(vid);
        if (owned?.targets.get('backup')?.term !== term) return;
        const phase = source.phase(vid);
        if (phase === 'marked' || phase === 'agreed') return;
        owned.guarded = false;
        source.release(vid);
      },
      // Nobody told the card: what is held stays held until somebody does.
      () => {},
    );
  }

  #makeSink(from: Omit<ReplicaPeer, 'name'>): Sink {
    return new Sink({
      send: (datagram) => this.#options.send(from, datagram, 'fabric'),
      create: this.#options.create,
      agreed: (vid, term, mark, state) => {
        if (this.state(vid) !== undefined) return; // ours by now
        this.#copies.set(vid, { state, from: keyOf(from) });
        this.#options.report({ role: 'backup', vid, term, mark });
      },
      opened: (vid) => {
        // It was handed to us, and the switch processor had no time to write that down: so it was not.
        const owned = this.#owned.get(vid);
        if (owned?.unconfirmed !== undefined) this.#drop(vid, owned);
      },
      former: (vid) => {
        const owned = this.#owned.get(vid);
        const to = owned?.yieldedTo ?? this.#moved.to(vid);
        if (to === undefined || keyOf(to) !== keyOf(from)) return undefined;
        const state = owned?.state ?? this.#copies.get(vid)?.state;
        if (state !== undefined) this.#copies.set(vid, { state, from: keyOf(from) });
        return state;
      },
      handedOver: (vid, _term, state) => {
        if (state === undefined) return;
        const owned = this.#become(vid, 'handover', state);
        // Whoever had it has all of its state: the best backup until there is another one.
        const peer = { ...from, name: `slot ${from.slot}` };
        const source = this.#sources.of(peer);
        owned.targets.set('backup', { peer, term: 0, source });
        source.continue(vid);
      },
      closed: (vid) => {
        if (this.#copies.get(vid)?.from === keyOf(from)) this.#copies.delete(vid);
      },
      packet: (vid, bytes) => this.emit('packet', vid, bytes),
    });
  }

  /** Ends the logs that carry nothing any more. */
  #tidy(): void {
    const used = this.#moved.peers();
    for (const { targets, yieldedTo } of this.#owned.values()) {
      for (const { peer } of targets.values()) used.push(peer);
      if (yieldedTo !== undefined) used.push(yieldedTo);
    }
    this.#sources.tidy(used);
  }
}
