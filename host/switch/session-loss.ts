/**
 * Sessions that are lost at once, and who is told (TS 23.007 §18 for GTP). All of ours are when no
 * processor is up any more: set-up handlers hear of it, so that peers will. Those of a peer are when that
 * restarts: every processor ends them. Sessions change hands meanwhile, by deaths and by moves, so all
 * are asked until a round in which none has.
 */
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import type { RequestOf } from '../protocol/control.ts';
import type { ControlAsker } from '../protocol/control-asker.ts';
import type { SetupHandler } from '../setup/handler.ts';
import type { Slot, SlotRegistry } from './slot-registry.ts';
import type { SwitchState } from './switch-state.ts';
import type { VidManager } from './vid-manager.ts';

export interface SessionLossOptions {
  readonly vids: VidManager;
  readonly registry: SlotRegistry;
  readonly clock: Clock;
  readonly handlers: readonly SetupHandler[];
  readonly asker: (slot: Slot) => ControlAsker;
  /** Lowers a slot that is on its way up with this epoch. */
  readonly lower: (slot: Slot, epoch: number, why: string) => void;
  /** What the handlers remember has changed. */
  readonly changed: () => void;
}

/** Milliseconds for a processor to end its sessions with a peer and to tell its backups. */
const ANSWER = 5000;
/** Milliseconds until processors are asked once more. */
const AGAIN = 50;

export class SessionLoss {
  /** Sessions that processors ended, because their peers had lost them. */
  readonly counters = { ended: 0 };
  readonly #options: SessionLossOptions;
  readonly #waiting = new Map<ClockTimer, (error: Error) => void>();
  /** A processor has been up since the last moment without any. */
  #served = false;
  #closed = false;

  constructor(options: SessionLossOptions) {
    this.#options = options;
  }

  /** Gives the handlers what an earlier switch processor had of them, and their way to us. */
  begin(state: SwitchState | undefined): void {
    const { handlers, registry, changed } = this.#options;
    for (const handler of handlers) {
      const memory = state?.handlers?.[handler.service];
      if (memory !== undefined) handler.recall?.(memory);
      handler.attach?.({ changed, endSessions: (service, peer) => this.#end(service, peer) });
    }
    this.#served = registry.slots.some((slot) => slot.state === 'up');
  }

  /** A slot is up. */
  cameUp(): void {
    this.#served = true;
  }

  /** A slot is down: where it was the last one, whoever comes next begins with nothing. */
  wentDown(): void {
    const { registry, handlers, lower } = this.#options;
    if (!this.#served || registry.slots.some(({ state }) => state === 'up')) return;
    this.#served = false;
    for (const handler of handlers) handler.allLost?.();
    for (const slot of registry.slots) {
      // Who is on its way up was told what was true before.
      if (slot.state === 'starting') lower(slot, slot.epoch, 'all sessions were lost meanwhile');
    }
  }

  /** What a processor heard of a peer; resolves when what it means is done. */
  async heard(service: string, peer: string, restart: number): Promise<void> {
    const handler = this.#options.handlers.find((it) => it.service === service);
    await handler?.heard?.(peer, restart);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    for (const [timer, reject] of this.#waiting) {
      timer.cancel();
      reject(closed());
    }
    this.#waiting.clear();
  }

  async #end(service: string, peer: string): Promise<void> {
    while (!(await this.#round({ type: 'forget', service, peer }))) await this.#pause();
  }

  /** Whether all have answered, and nothing changed hands meanwhile. */
  async #round(request: RequestOf<'forget'>): Promise<boolean> {
    const { vids, registry, asker } = this.#options;
    const moving = () => vids.list().some(({ next }) => next?.as === 'owner');
    const { term } = vids;
    if (moving()) return false;
    const up = registry.slots.filter(({ state }) => state === 'up');
    const answers = await Promise.allSettled(
      up.map((slot) => asker(slot).ask(request, { timeout: ANSWER })),
    );
    for (const answer of answers) {
      if (answer.status === 'fulfilled') this.counters.ended += answer.value.ended;
    }
    return answers.every(({ status }) => status === 'fulfilled') && vids.term === term && !moving();
  }

  #pause(): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.schedule(AGAIN, () => {
        this.#waiting.delete(timer);
        resolve();
      });
      this.#waiting.set(timer, reject);
    });
  }
}

const closed = (): Error => new Error('the switch processor was closed');
