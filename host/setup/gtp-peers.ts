/**
 * The restart counters of peers (TS 23.007 §18). A peer whose counter went up has lost its sessions, and
 * so do we: they are ended at all processors. Until that is done nothing new of that peer is let in, so
 * that no new session can be taken for an old one; what comes meanwhile the peer repeats.
 */
import { hasRestarted } from '../protocol/gtp-recovery.ts';
import type { SetupHost } from './handler.ts';

/** Peers remembered; the one that was heard least lately goes first. */
const LIMIT = 16_384;

export class GtpPeers {
  readonly counters = { restarts: 0, late: 0 };
  readonly #service: string;
  readonly #known = new Map<string, number>();
  /** Peers whose sessions are being ended, and their new counters. */
  readonly #ending = new Map<string, { restart: number; readonly done: Promise<void> }>();
  #host: SetupHost | undefined;

  constructor(service: string) {
    this.#service = service;
  }

  get size(): number {
    return this.#known.size;
  }

  attach(host: SetupHost): void {
    this.#host = host;
  }

  /** Counters by peer, without those whose old sessions are not ended yet: these are found out anew. */
  memory(): [string, number][] {
    return [...this.#known];
  }

  recall(peer: string, restart: number): void {
    this.#known.set(peer, restart);
  }

  /** Its sessions are being ended. */
  isEnding(peer: string): boolean {
    return this.#ending.has(peer);
  }

  /** A peer's counter. Resolves when nothing is left of what the peer has lost. */
  heard(peer: string, restart: number): Promise<void> | undefined {
    const ending = this.#ending.get(peer);
    if (ending !== undefined) {
      if (hasRestarted(ending.restart, restart)) ending.restart = restart;
      return ending.done;
    }
    const known = this.#known.get(peer);
    if (known === restart) return undefined;
    if (known === undefined) this.#keep(peer, restart);
    else if (hasRestarted(known, restart)) return this.#end(peer, restart);
    else this.counters.late++;
    return undefined;
  }

  #end(peer: string, restart: number): Promise<void> {
    this.counters.restarts++;
    const host = this.#host;
    if (host === undefined) throw new Error('attach() first');
    const entry = {
      restart,
      done: host.endSessions(this.#service, peer).then(
        () => {
          this.#ending.delete(peer);
          this.#keep(peer, entry.restart);
        },
        // Nobody is there to end them. Whoever comes after us finds the old counter, and does it.
        () => void this.#ending.delete(peer),
      ),
    };
    this.#ending.set(peer, entry);
    return entry.done;
  }

  #keep(peer: string, restart: number): void {
    this.#known.delete(peer);
    if (this.#known.size >= LIMIT) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(peer, restart);
    this.#host?.changed();
  }
}
