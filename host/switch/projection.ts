/**
 * What the card's tables should hold, from services, ports, slot registry and VID manager (G7). The
 * card is written from here and nowhere else.
 */
import {
  type Card,
  CardTables,
  type PortEntry,
  type SlotEntry,
  type TableName,
  type VidRowEntry,
} from '../../driver/index.ts';
import { macToBigInt } from '../protocol/address.ts';
import { compileServices } from '../steering/compile.ts';
import type { Service } from '../steering/rule.ts';
import { policerTable } from './punt-limits.ts';
import type { SlotRegistry } from './slot-registry.ts';
import {
  defaultPortMac,
  FRAGMENT_TIME,
  type HealthOptions,
  type PortConfiguration,
} from './switch-options.ts';
import type { VidManager } from './vid-manager.ts';

export interface ProjectionOptions {
  readonly card: Card;
  readonly services: readonly Service[];
  readonly ports: readonly PortConfiguration[];
  readonly registry: SlotRegistry;
  readonly vids: VidManager;
  readonly fabricPrefix: number;
  readonly health: HealthOptions;
  /** Makes the card hold the overrides that it should. */
  readonly overrides: (atWork: boolean) => Promise<void>;
}

/** A row of the card that is not what it should be, of whatever table. */
export interface Mismatch {
  readonly table: TableName;
  readonly index: number;
  readonly wanted: object;
  readonly found: object;
  /** Names of the fields that differ. */
  readonly fields: readonly string[];
}

const NO_SLOT: SlotEntry = { up: 0, port: 0, line_port: 0, epoch: 0 };

export class Projection {
  readonly #options: ProjectionOptions;
  readonly #tables: CardTables;

  /** Throws where ports or slots are configured that the card does not have. */
  constructor(options: ProjectionOptions) {
    this.#options = options;
    this.#tables = new CardTables(options.card);
    const { sizes } = options.card;
    const roles = new Map<number, 'line' | 'fabric'>();
    for (const { port, role } of options.ports) {
      if (!Number.isInteger(port) || port < 0 || port >= sizes.ports) {
        throw new RangeError(`port ${port}: the card has ports 0 to ${sizes.ports - 1}`);
      }
      if (roles.has(port)) throw new RangeError(`port ${port} is configured twice; leave out one`);
      roles.set(port, role);
    }
    for (const { port, doors, ...main } of options.registry.slots) {
      for (const { slot, linePort } of [main, ...doors]) {
        if (!Number.isInteger(slot) || slot < 0 || slot >= sizes.slots) {
          throw new RangeError(`slot ${slot}: the card has slots 0 to ${sizes.slots - 1}`);
        }
        if (roles.get(port) !== 'fabric') {
          throw new RangeError(`slot ${slot}: port ${port} is no fabric port; make it one`);
        }
        if (roles.get(linePort) !== 'line') {
          throw new RangeError(`slot ${slot}: line port ${linePort} is no line port; make it one`);
        }
      }
    }
  }

  /**
   * Makes the card's tables what they should be and enables it. A card that is at work already goes
   * on steering: rows that are right are not touched. Resolves with the slots that the card has
   * lowered meanwhile, which stay down until their processor begins anew.
   */
  async attach(): Promise<readonly number[]> {
    const { card, fabricPrefix, vids, health, overrides } = this.#options;
    vids.takeChanged();
    this.#setAll();
    const atWork = await card.enabled();
    const latchedDown = atWork ? (await this.#tables.reconcile()).latchedDown : [];
    if (!atWork) await this.#tables.write();
    await overrides(atWork);
    await card.setFabricPrefix(fabricPrefix);
    await card.setTimes({
      fragment: FRAGMENT_TIME,
      stall: 1000 * health.stall,
      suspectHold: 1000 * health.suspectHold,
    });
    await card.setEnabled(true);
    return latchedDown;
  }

  /** Writes one slot; resolves when the card acts by it. */
  async writeSlot(slot: number): Promise<void> {
    this.#setSlot(slot);
    await this.#tables.write();
  }

  /** Writes the VID rows that changed since it was last called. */
  async writeRows(): Promise<void> {
    for (const vid of this.#options.vids.takeChanged()) {
      this.#tables.set('vid_row', vid, this.#rowEntry(vid));
    }
    await this.#tables.write();
  }

  /** Compares the card with what it should hold; changes nothing. */
  verify(): Promise<readonly Mismatch[]> {
    return this.#tables.compare();
  }

  lineMac(port: number): string | undefined {
    const found = this.#options.ports.find((other) => other.port === port);
    return found?.role === 'line' ? (found.mac ?? defaultPortMac(port)) : undefined;
  }

  /** What is not named here stays at zero: not valid. */
  #setAll(): void {
    const { services, card, registry, vids } = this.#options;
    const { rules, prefixes, typeSets } = compileServices(services, card.sizes);
    const tables = this.#tables;
    for (let port = 0; port < card.sizes.ports; port++) {
      tables.set('port', port, this.#portEntry(port));
    }
    prefixes.forEach((entry, index) => void tables.set('prefix', index, entry));
    rules.forEach((entry, index) => void tables.set('rule', index, entry));
    typeSets.flat().forEach((types, index) => void tables.set('type_set', index, { types }));
    const policers = policerTable(services, card.sizes);
    policers.forEach((entry, index) => void tables.set('policer', index, entry));
    for (const { slot } of registry.slots) this.#setSlot(slot);
    for (const { vid } of vids.list()) tables.set('vid_row', vid, this.#rowEntry(vid));
  }

  #portEntry(port: number): PortEntry {
    const found = this.#options.ports.find((other) => other.port === port);
    return {
      mac: macToBigInt(found?.mac ?? defaultPortMac(port)),
      // A port that nobody configured is no door to the services.
      fabric: found?.role === 'line' ? 0 : 1,
      cut_through: found?.cutThrough === true ? 1 : 0,
    };
  }

  #setSlot(slot: number): void {
    const { registry } = this.#options;
    const found = registry.bySlot(slot);
    this.#tables.set('slot', slot, found === undefined ? NO_SLOT : registry.entry(found));
    if (found === undefined) return;
    this.#tables.set('slot_health', slot, registry.health(found));
    for (const door of found.doors) {
      this.#tables.set('slot', door.slot, registry.entry(found, door));
      this.#tables.set('slot_health', door.slot, registry.health(found));
    }
  }

  #rowEntry(vid: number): VidRowEntry {
    const { vids, registry } = this.#options;
    return vids.rowEntry(vid, (name) => registry.byName(name)?.slot);
  }
}
