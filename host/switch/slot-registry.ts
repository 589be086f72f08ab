/**
 * The places that processors can occupy, who is in each, and with which epoch. A slot that is down
 * stays down until its next occupant, or the same one anew, has a new epoch.
 */
import type { SlotEntry, SlotHealthEntry } from '../../driver/index.ts';
import { healthEntry } from '../../driver/index.ts';
import type { Occupant } from '../setup/handler.ts';
import { slotMac } from '../steering/slot-mac.ts';

export class SlotError extends Error {
  override readonly name = 'SlotError';
}

export interface SlotConfiguration {
  readonly slot: number;
  /** Fabric port behind which the slot is. */
  readonly port: number;
  /** Line port for what the slot sends outwards. */
  readonly linePort: number;
  /** Only the processor of that name may have it. */
  readonly name?: string;
  /** Further ways out of the same occupant. */
  readonly doors?: readonly Door[];
}

/**
 * A slot of the card that goes with another one: the same occupant and epoch, and up when that is. What
 * is sent from its MAC address leaves by another line port. No row ever names it.
 */
export interface Door {
  readonly slot: number;
  readonly linePort: number;
}

/** `free`: nobody. `starting`: has its epoch, is not ready. `up`. `down`: was up, or gave up. */
export type SlotState = 'free' | 'starting' | 'up' | 'down';

/** Where control messages to an occupant go. */
export interface ControlPeer {
  readonly mac: string;
  readonly address: string;
  readonly udpPort: number;
}

export interface Slot {
  readonly slot: number;
  readonly port: number;
  readonly linePort: number;
  readonly doors: readonly Door[];
  readonly reservedFor: string | undefined;
  state: SlotState;
  /** An operator took it out of service: nobody gets in. */
  locked: boolean;
  /** An operator empties it: no set-ups, no VIDs, no backups for it. */
  draining: boolean;
  /** Its occupant replicates the state of its VIDs. */
  replicates: boolean;
  /** Undefined where it is free. */
  name: string | undefined;
  incarnation: string | undefined;
  epoch: number;
  /** What its heartbeats carry; undefined: it sends none. */
  nonce: number | undefined;
  peer: ControlPeer | undefined;
  /** `Clock.now` of the last sign of life. */
  heard: number;
  /** Number of the assignment that its occupant listens for. */
  confirmed: number;
  /** Times that it came up. */
  starts: number;
}

/** How long the card waits for heartbeats, in microseconds; 0: for ever. */
export interface Patience {
  readonly timeout: number;
  readonly suspect: number;
}

export class SlotRegistry {
  readonly slots: readonly Slot[];
  readonly #fabricPrefix: number;
  readonly #patience: Patience;

  /** @param fabricPrefix the first four octets of every slot's MAC address. */
  constructor(
    fabricPrefix: number,
    configuration: readonly SlotConfiguration[],
    patience: Patience = { timeout: 0, suspect: 0 },
  ) {
    this.#fabricPrefix = fabricPrefix;
    this.#patience = patience;
    const seen = new Set<number>();
    this.slots = configuration.map(({ slot, port, linePort, name, doors = [] }) => {
      for (const number of [slot, ...doors.map((door) => door.slot)]) {
        if (seen.has(number)) {
          throw new SlotError(`slot ${number} is configured twice; leave out one`);
        }
        seen.add(number);
      }
      return {
        slot,
        port,
        linePort,
        doors,
        reservedFor: name,
        state: 'free',
        locked: false,
        draining: false,
        replicates: false,
        name: undefined,
        incarnation: undefined,
        epoch: 0,
        nonce: undefined,
        peer: undefined,
        heard: 0,
        confirmed: 0,
        starts: 0,
      };
    });
  }

  bySlot(slot: number): Slot | undefined {
    return this.slots.find((candidate) => candidate.slot === slot);
  }

  /** The slot, or the one whose door has the number: where what the card saw of it happened. */
  whose(number: number): Slot | undefined {
    return this.slots.find(
      ({ slot, doors }) => slot === number || doors.some((door) => door.slot === number),
    );
  }

  /** Line port of a slot or door; where it is not known which, of the first slot behind the port. */
  linePortOf(port: number, number: number | undefined): number | undefined {
    const slot = number === undefined ? undefined : this.whose(number);
    const door = slot?.doors.find((other) => other.slot === number);
    const found = door ?? slot ?? this.slots.find((other) => other.port === port);
    return found?.linePort;
  }

  byName(name: string): Slot | undefined {
    return this.slots.find((candidate) => candidate.name === name);
  }

  /** As `bySlot`; throws SlotError where there is no such slot. */
  require(slot: number): Slot {
    const found = this.bySlot(slot);
    if (found !== undefined) return found;
    const known = this.slots.map((candidate) => candidate.slot).join(', ');
    throw new SlotError(`there is no slot ${slot}; configured are ${known || 'none'}`);
  }

  /** Names of all who have a slot, by slot. */
  names(): string[] {
    return this.slots.flatMap(({ name }) => (name === undefined ? [] : [name]));
  }

  /** All that may get set-ups. */
  candidates(): Occupant[] {
    const all: Occupant[] = [];
    for (const { state, name, slot, epoch, draining } of this.slots) {
      if (state === 'up' && name !== undefined && !draining) all.push({ name, slot, epoch });
    }
    return all;
  }

  alive(occupant: Occupant): boolean {
    const slot = this.bySlot(occupant.slot);
    return slot?.state === 'up' && slot.name === occupant.name && slot.epoch === occupant.epoch;
  }

  /**
   * The slot that `name`, behind fabric port `port`, should have; nothing changes yet. Throws
   * SlotError where there is none. Whoever occupies it now may still be alive: the caller finds out.
   */
  place(name: string, port: number, wanted: number | undefined): Slot {
    if (wanted !== undefined) return this.#placeWanted(name, port, wanted);
    const own = this.byName(name);
    if (own !== undefined && own.port === port) return own;
    const here = this.slots.filter((slot) => slot.port === port);
    if (here.length === 0) {
      throw new SlotError(
        `${name} asks behind fabric port ${port}, where no slot is configured; add one`,
      );
    }
    const open = here.filter((slot) => (slot.reservedFor ?? name) === name);
    const found =
      open.find((slot) => slot.reservedFor === name) ??
      open.find((slot) => slot.state === 'free') ??
      open.find((slot) => slot.state === 'down') ??
      open[0];
    if (found !== undefined) return found;
    const held = here.map((slot) => `slot ${slot.slot} for ${slot.reservedFor}`).join(', ');
    throw new SlotError(
      `${name} finds no slot behind fabric port ${port}: ${held}; give it one of those names, ` +
        'or configure one more slot there',
    );
  }

  #placeWanted(name: string, port: number, wanted: number): Slot {
    const slot = this.require(wanted);
    if (slot.port !== port) {
      throw new SlotError(
        `slot ${wanted} is behind fabric port ${slot.port}, and ${name} asks behind port ${port}; ` +
          'ask for a slot of that port, or for none',
      );
    }
    if (slot.reservedFor !== undefined && slot.reservedFor !== name) {
      throw new SlotError(
        `slot ${wanted} is kept for ${slot.reservedFor}, and ${name} asks for it; ask for another`,
      );
    }
    return slot;
  }

  /** Puts `name` into the slot with the next epoch; who was in it, and where it was, is gone. */
  occupy(slot: Slot, occupant: NewOccupant, now: number): void {
    const { name, incarnation, nonce, peer, replicates } = occupant;
    for (const other of this.slots) {
      if (other !== slot && other.name === name) this.#clear(other);
    }
    slot.name = name;
    slot.incarnation = incarnation;
    slot.nonce = nonce;
    slot.replicates = replicates;
    slot.draining = false;
    slot.epoch = (slot.epoch + 1) & 0xff;
    slot.state = 'starting';
    slot.peer = peer;
    slot.heard = now;
    slot.confirmed = 0;
  }

  #clear(slot: Slot): void {
    slot.name = undefined;
    slot.incarnation = undefined;
    slot.nonce = undefined;
    slot.peer = undefined;
    slot.state = 'free';
  }

  snapshot(): SlotSnapshot[] {
    return this.slots.map((it) => {
      const { slot, epoch, state, locked, draining, replicates } = it;
      const { name, incarnation, nonce, peer } = it;
      return {
        slot,
        epoch,
        state,
        ...(locked ? { locked } : {}),
        ...(draining ? { draining } : {}),
        ...(replicates ? { replicates } : {}),
        ...(name === undefined ? {} : { name }),
        ...(incarnation === undefined ? {} : { incarnation }),
        ...(nonce === undefined ? {} : { nonce }),
        ...(peer === undefined ? {} : { peer }),
      };
    });
  }

  /** Takes over what `snapshot` gave, as far as the slots are still configured. */
  restore(snapshot: readonly SlotSnapshot[], now: number): void {
    for (const old of snapshot) {
      const slot = this.bySlot(old.slot);
      if (slot === undefined) continue;
      slot.epoch = old.epoch;
      slot.state = old.state;
      slot.locked = old.locked ?? false;
      slot.draining = old.draining ?? false;
      slot.replicates = old.replicates ?? false;
      slot.name = old.name;
      slot.incarnation = old.incarnation;
      slot.nonce = old.nonce;
      slot.peer = old.peer;
      slot.heard = now;
    }
  }

  /** MAC address of the slot's present occupant; of a door of its, where one is given. */
  macOf(slot: Slot, door: Pick<Door, 'slot'> = slot): string {
    return slotMac(this.#fabricPrefix, door.slot, slot.epoch);
  }

  /**
   * What the card's slot table should hold. The card raises a slot that is down only together with
   * another epoch, so a new occupant's epoch goes there when it is up, and not before.
   */
  entry(slot: Slot, { linePort }: Pick<Door, 'linePort'> = slot): SlotEntry {
    return {
      up: slot.state === 'up' ? 1 : 0,
      port: slot.port,
      line_port: linePort,
      epoch: slot.state === 'starting' ? (slot.epoch - 1) & 0xff : slot.epoch,
    };
  }

  /** What the card's slot_health table should hold: whom it hears, and for how long it waits. */
  health({ nonce }: Slot): SlotHealthEntry {
    return nonce === undefined
      ? healthEntry({ nonce: 0, timeout: 0 })
      : healthEntry({ nonce, ...this.#patience });
  }
}

/** Who gets into a slot. */
export interface NewOccupant {
  readonly name: string;
  readonly incarnation: string;
  readonly nonce: number | undefined;
  readonly peer: ControlPeer;
  readonly replicates: boolean;
}

/** What is kept of a slot over a restart of the switch processor. */
export interface SlotSnapshot {
  readonly slot: number;
  readonly epoch: number;
  readonly state: SlotState;
  /** An operator took it out of service; left out: no. */
  readonly locked?: boolean | undefined;
  readonly draining?: boolean | undefined;
  readonly replicates?: boolean | undefined;
  readonly name?: string | undefined;
  readonly incarnation?: string | undefined;
  readonly nonce?: number | undefined;
  readonly peer?: ControlPeer | undefined;
}

/** What stands in the place of a slot in the control address (docs/card.md, step 4). */
export const CONTROL_SLOT = 0xff;
