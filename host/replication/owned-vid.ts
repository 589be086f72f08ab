/** A VID that a processor owns: its state, where copies of it are, and what waits for them. */
import type { CopyRole, ReplicaPeer } from './replicator-options.ts';
import type { Source } from './source.ts';
import { keyOf } from './sources.ts';
import type { ReplicatedState } from './state.ts';

export interface Target {
  readonly peer: ReplicaPeer;
  readonly term: number;
  readonly source: Source;
}

export class OwnedVid {
  readonly vid: number;
  readonly state: ReplicatedState;
  readonly targets = new Map<CopyRole, Target>();
  /** The card may turn to the backup: gated replies wait for it. */
  guarded = false;
  /** Replies that wait until the switch processor knows that we own it; undefined: it does. */
  unconfirmed: (() => void)[] | undefined;
  /** Who has it now. */
  yieldedTo: ReplicaPeer | undefined;

  /** @param confirmed the switch processor knows that we own it. */
  constructor(vid: number, state: ReplicatedState, confirmed: boolean) {
    this.vid = vid;
    this.state = state;
    this.unconfirmed = confirmed ? undefined : [];
  }

  /** The switch processor knows that we own it. */
  confirm(): void {
    const { unconfirmed = [] } = this;
    this.unconfirmed = undefined;
    for (const leave of unconfirmed) leave();
  }

  /** Those who must have a change before what it causes may be seen. */
  guards(): Source[] {
    const guards: Source[] = [];
    for (const [role, { source }] of this.targets) {
      const phase = source.phase(this.vid);
      const counts =
        phase === 'marked' || phase === 'agreed' || (this.guarded && role === 'backup');
      if (counts && !guards.includes(source)) guards.push(source);
    }
    return guards;
  }

  /** A change, to all who have copies. */
  tell(record: Parameters<Source['change']>[1]): void {
    let told: Source | undefined;
    for (const { source } of this.targets.values()) {
      if (source !== told) source.change(this.vid, record);
      told = source;
    }
  }

  /** Has a copy at the incarnation, in any role. */
  isCopiedTo(peer: ReplicaPeer): boolean {
    for (const other of this.targets.values()) if (keyOf(other.peer) === keyOf(peer)) return true;
    return false;
  }
}
