/** The fixed rule by which identifiers get their VIDs, the same whatever decides the frames. */
import { type Decision, DriverError, type Override, REASON } from '../../driver/index.ts';
import type { CardState } from '../steering/state.ts';
import { askedOverride, hashedVid, type OverrideIdentifier } from './identifier.ts';

/** Where overrides are kept: the driver's `OverrideTable`, or what stands for it. */
export interface OverrideStore {
  get(space: number, key: bigint): unknown;
  /** Rejects with `DriverError` FULL where there is no place. */
  insert(override: Override): Promise<void>;
}

export class Learner {
  readonly #state: CardState;
  readonly #store: OverrideStore;
  #learned = 0;
  #withoutRoom = 0;

  constructor(state: CardState, store: OverrideStore) {
    this.#state = state;
    this.#store = store;
  }

  /** Identifiers that have learned a VID, and first frames for whose identifier there was no room. */
  get counts(): { readonly learned: number; readonly withoutRoom: number } {
    return { learned: this.#learned, withoutRoom: this.#withoutRoom };
  }

  /** Whether the frame was punted for the lack of an override that is there by now. */
  isKnownNow(frame: Buffer, decision: Decision): boolean {
    const asked = this.#askedInVain(frame, decision);
    return asked !== undefined && this.#store.get(asked.space, asked.key) !== undefined;
  }

  /** The first frame with an identifier gives it its VID. */
  async learn(frame: Buffer, decision: Decision): Promise<number | undefined> {
    const asked = this.#askedInVain(frame, decision);
    if (asked === undefined) return undefined;
    const vid = hashedVid(asked, this.#state.sizes.vids);
    try {
      await this.#store.insert({ ...asked, vid });
    } catch (error) {
      if (!(error instanceof DriverError && error.code === 'FULL')) throw error;
      this.#withoutRoom++;
      return undefined;
    }
    this.#learned++;
    return vid;
  }

  /** The override that a frame was punted for the lack of. */
  #askedInVain(frame: Buffer, decision: Decision): OverrideIdentifier | undefined {
    if (decision.reason !== REASON.punt_no_override) return undefined;
    const rule = this.#state.rules[decision.rule];
    return rule && askedOverride(rule, frame, decision);
  }
}
