/** What the switch processor tells of itself, as plain objects for people and programs. */
import type { Card, CardSizes, OverrideStatistics } from '../../driver/index.ts';
import type { Load, Selection } from '../setup/handler.ts';
import type { ControlServer } from './control-server.ts';
import type { HeirSearch } from './heir-search.ts';
import type { NeighbourProxy } from './neighbour-proxy.ts';
import type { OverrideManager } from './override-manager.ts';
import type { PuntCounters, PuntPath } from './punt-path.ts';
import type { CopyStatus } from './replication-keeper.ts';
import type { ServiceMap } from './service-map.ts';
import type { SlotLog, SlotLogEntry } from './slot-log.ts';
import type { Slot, SlotRegistry, SlotState } from './slot-registry.ts';
import type { SlotWatch } from './slot-watch.ts';
import type { VidManager } from './vid-manager.ts';
import type { VidSteward } from './vid-steward.ts';

export interface ProcessorStatus {
  readonly slot: number;
  readonly name: string | undefined;
  readonly state: SlotState;
  /** An operator took it out of service. */
  readonly locked: boolean;
  /** An operator empties it. */
  readonly draining: boolean;
  /** It replicates the state of its VIDs. */
  readonly replicates: boolean;
  readonly epoch: number;
  readonly mac: string;
  readonly port: number;
  readonly linePort: number;
  /** Times that it came up. */
  readonly starts: number;
  /** The card hears its heartbeats, and takes it down when they stop. */
  readonly heartbeats: boolean;
  /** The last time that it went down: cause and time. */
  readonly lastDown: SlotLogEntry | undefined;
  readonly vids: readonly number[];
  readonly backupVids: readonly number[];
  /** Set-ups given to it. */
  readonly assigned: number;
  /** Its last report, and what it was given since. */
  readonly load: Load | undefined;
}

export interface SwitchStatus {
  readonly card: { readonly name: string; readonly sizes: CardSizes };
  readonly punted: {
    /** Frames that the card handed over; the sum of `held` and of all `ends`. */
    readonly frames: number;
    /** Frames that the switch processor gave to the card. */
    readonly injected: number;
    /** By `service/rule` (`-`: none) and the card's reason. */
    readonly reasons: Record<string, Record<string, number>>;
    readonly ends: Record<string, number>;
    /** Set-ups of processors that died, while it is asked who has what these made. */
    readonly held: number;
    /** What became of those: somebody had it, nobody, or they could not wait. */
    readonly heirs: { readonly found: number; readonly none: number; readonly refused: number };
    /** By service and what the set-up handler calls them. */
    readonly recognised: Record<string, Record<string, number>>;
    /** Frames with an identifier that we issued, which the card should have steered. */
    readonly inDialog: number;
    /** Of these, by VID. */
    readonly vids: Record<number, number>;
  };
  /** By service; `transactions` is what SIP's holds now. */
  readonly handlers: Record<string, Record<string, number>>;
  readonly selection: string;
  readonly processors: readonly ProcessorStatus[];
  readonly neighbours: {
    readonly peers: number;
    readonly asked: number;
    readonly unanswered: number;
  };
  /** Control messages by type. */
  readonly control: Record<string, number>;
  readonly overrides: OverrideStatistics;
  readonly replication: ReplicationStatus;
}

/** Counts since the start, and the copy of each VID. */
export interface ReplicationStatus {
  /** Messages to owners about copies. */
  readonly told: number;
  /** Comparisons of digests that agreed, those that did not, and copies that owners gave up. */
  readonly agreed: number;
  readonly differed: number;
  readonly lost: number;
  /** Processors that died, VIDs that their backups have since, and VIDs that came home. */
  readonly failovers: number;
  readonly failedOver: number;
  readonly returned: number;
  /** VIDs that were moved, those of them with their state, and moves that failed. */
  readonly moved: number;
  readonly handedOver: number;
  readonly failed: number;
  readonly vids: readonly CopyStatus[];
}

function slotStatus(
  slot: Slot,
  registry: SlotRegistry,
  vids: VidManager,
  counters: PuntCounters,
  loads: Record<string, { load: Load | undefined }>,
  log: SlotLog,
): ProcessorStatus {
  const { name } = slot;
  return {
    slot: slot.slot,
    name,
    state: slot.state,
    locked: slot.locked,
    draining: slot.draining,
    replicates: slot.replicates,
    epoch: slot.epoch,
    mac: registry.macOf(slot),
    port: slot.port,
    linePort: slot.linePort,
    starts: slot.starts,
    heartbeats: slot.nonce !== undefined,
    lastDown: log.lastDown(slot.slot),
    vids: name === undefined ? [] : vids.vidsOf(name),
    backupVids: name === undefined ? [] : vids.backupVidsOf(name),
    assigned: name === undefined ? 0 : (counters.assigned[name] ?? 0),
    load: name === undefined ? undefined : loads[name]?.load,
  };
}

/** What it is told from. */
export interface StatusParts {
  readonly card: Card;
  readonly registry: SlotRegistry;
  readonly vids: VidManager;
  readonly services: ServiceMap;
  readonly selection: Selection;
  readonly punts: PuntPath;
  readonly injected: number;
  readonly neighbours: NeighbourProxy;
  readonly control: ControlServer;
  readonly watch: SlotWatch;
  readonly overrides: OverrideManager;
  readonly steward: VidSteward;
  readonly heirs: HeirSearch;
}

export function switchStatus(parts: StatusParts): SwitchStatus {
  const { card, registry, vids, services, selection, neighbours, steward, heirs } = parts;
  const { counters } = parts.punts;
  const loads = selection.status();
  return {
    card: { name: card.transport.name, sizes: card.sizes },
    punted: {
      frames: counters.frames,
      injected: parts.injected,
      reasons: structuredClone(counters.reasons),
      ends: { ...counters.ends },
      held: heirs.held,
      heirs: { ...heirs.counters },
      recognised: structuredClone(counters.recognised),
      inDialog: counters.inDialog,
      vids: Object.fromEntries(counters.vids),
    },
    handlers: Object.fromEntries(
      services.handlers.map((handler) => [handler.service, handler.status()]),
    ),
    selection: selection.policy,
    processors: registry.slots.map((slot) =>
      slotStatus(slot, registry, vids, counters, loads, parts.watch.log),
    ),
    neighbours: { peers: neighbours.peers, ...neighbours.counters },
    control: { ...parts.control.counters },
    overrides: parts.overrides.statistics(),
    replication: {
      ...{ ...steward.keeper.counters, ...steward.counters, ...steward.mover.counters },
      vids: steward.keeper.status(),
    },
  };
}
