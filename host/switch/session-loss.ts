/**
 * Sessions that are lost at once, and who is told (TS 23.007 §18 for GTP). All of ours are when no
 * processor is up any more: set-up handlers hear of it, so that peers will. Those of a peer are when that
 * restarts, those of a user are when that comes anew: every processor ends them, and all are asked until a round
 * in which no session changed hands.
 */
import { type ControlLeaver, MAX_LEAVING, type RequestOf } from '../protocol/control.ts';
import type { SetupHandler } from '../setup/handler.ts';
import type { Slot, SlotRegistry } from './slot-registry.ts';
import type { Survey } from './survey.ts';
import type { SwitchState } from './switch-state.ts';

export interface SessionLossOptions {
  readonly registry: SlotRegistry;
  readonly survey: Survey;
  readonly handlers: readonly SetupHandler[];
  /** Lowers a slot that is on its way up with this epoch. */
  readonly lower: (slot: Slot, epoch: number, why: string) => void;
  /** What the handlers remember has changed. */
  readonly changed: () => void;
}

export class SessionLoss {
  /** Sessions that processors ended, because their peers had lost them. */
  readonly counters = { ended: 0 };
  readonly #options: SessionLossOptions;
  /** Users to be told of, by service: in each entry as many as a message takes. */
  readonly #leaving = new Map<
    string,
    { readonly users: ControlLeaver[]; readonly done: Promise<void> }[]
  >();
  /** A processor has been up since the last moment without any. */
  #served = false;

  constructor(options: SessionLossOptions) {
    this.#options = options;
  }

  /** Gives the handlers what an earlier switch processor had of them, and their way to us. */
  begin(state: SwitchState | undefined): void {
    const { handlers, registry, changed } = this.#options;
    for (const handler of handlers) {
      const memory = state?.handlers?.[handler.service];
      if (memory !== undefined) handler.recall?.(memory);
      handler.attach?.({
        changed,
        endSessions: (service, peer) => this.#all(() => ({ type: 'forget', service, peer })),
        endUser: (service, user, { slot }) => this.#leave(service, { ...user, at: slot }),
      });
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

  /** Those of one turn of the event loop go together. */
  #leave(service: string, user: ControlLeaver): Promise<void> {
    const last = this.#leaving.get(service)?.at(-1);
    if (last !== undefined && last.users.length < MAX_LEAVING) {
      last.users.push(user);
      return last.done;
    }
    const users = [user];
    const done = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.#leaving.delete(service);
        this.#all(() => ({ type: 'leave', service, users })).then(resolve, reject);
      });
    });
    this.#leaving.set(service, [...(this.#leaving.get(service) ?? []), { users, done }]);
    return done;
  }

  /** Asks all until nothing has changed hands meanwhile. */
  async #all(request: () => RequestOf<'forget'> | RequestOf<'leave'>): Promise<void> {
    const { survey } = this.#options;
    for (;;) {
      const { answers, settled } = await survey.round<'forget' | 'leave'>(request);
      for (const { reply } of answers) this.counters.ended += reply.ended;
      if (settled) return;
      await survey.pause();
    }
  }
}
