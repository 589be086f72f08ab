/**
 * What the card's tables should hold, from services, ports, slot registry and VID manager (G7). The
 * card is written from here and nowhere else.
 */
import type { PortEntry, SlotEntry, VidRowEntry } from '../../driver/generated/registers.ts';
import { macToBigInt } from '../protocol/address.ts';
import { compileServices } from '../steering/compile.ts';
import type { Service } from '../steering/rule.ts';
import type { SlotRegistry } from './slot-registry.ts';
import type { Mismatch, SwitchCard, Tables } from './switch-card.ts';
import { defaultPortMac, type PortConfiguration } from './switch-options.ts';
import type { VidManager } from './vid-manager.ts';

export interface ProjectionOptions {
  readonly card: SwitchCard;
  readonly services: readonly Service[];
  readonly ports: readonly PortConfiguration[];
  readonly registry: SlotRegistry;
  readonly vids: VidManager;
  readonly fabricPrefix: number;
}

const NO_SLOT: SlotEntry = { up: 0, port: 0, line_port: 0, epoch: 0 };

export class Projection {
  readonly #options: ProjectionOptions;

  /** Throws where ports or slots are configured that the card does not have. */
  constructor(options: ProjectionOptions) {
    this.#options = options;
    const { sizes } = options.card;
    const roles = new Map<number, 'line' | 'fabric'>();
    for (const { port, role } of options.ports) {
      if (!Number.isInteger(port) || port < 0 || port >= sizes.ports) {
        throw new RangeError(`port ${port}: the card has ports 0 to ${sizes.ports - 1}`);
      }
      if (roles.has(port)) throw new RangeError(`port ${port} is configured twice; leave out one`);
      roles.set(port, role);
    }
    for (const { slot, port, linePort } of options.registry.slots) {
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

  /** Writes all tables as far as they differ, and enables the card. */
  async attach(): Promise<void> {
    const { card, fabricPrefix } = this.#options;
    this.#options.vids.takeChanged();
    await card.attach(this.#tables(), fabricPrefix);
  }

  /** Writes one slot. */
  async writeSlot(slot: number): Promise<void> {
    await this.#options.card.write('slot', [[slot, this.#slotEntry(slot)]]);
  }

  /** Writes the VID rows that changed since it was last called. */
  async writeRows(): Promise<void> {
    const { card, vids } = this.#options;
    const changed = vids.takeChanged().filter((vid) => vid < card.sizes.vids);
    if (changed.length === 0) return;
    await card.write(
      'vid_row',
      changed.map((vid) => [vid, this.#rowEntry(vid)] as const),
    );
  }

  /** Compares the card with what it should hold. */
  verify(): Promise<readonly Mismatch[]> {
    return this.#options.card.verify();
  }

  lineMac(port: number): string | undefined {
    const found = this.#options.ports.find((other) => other.port === port);
    return found?.role === 'line' ? (found.mac ?? defaultPortMac(port)) : undefined;
  }

  #tables(): Tables {
    const { services, card } = this.#options;
    const { sizes } = card;
    const compiled = compileServices(services, sizes);
    return {
      port: Array.from({ length: sizes.ports }, (_, port) => this.#portEntry(port)),
      slot: Array.from({ length: sizes.slots }, (_, slot) => this.#slotEntry(slot)),
      prefix: compiled.prefixes,
      rule: compiled.rules,
      type_set: compiled.typeSets.flatMap((words) => words.map((types) => ({ types }))),
      vid_row: Array.from({ length: sizes.vids }, (_, vid) => this.#rowEntry(vid)),
    };
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

  #slotEntry(slot: number): SlotEntry {
    const { registry } = this.#options;
    const found = registry.bySlot(slot);
    return found === undefined ? NO_SLOT : registry.entry(found);
  }

  #rowEntry(vid: number): VidRowEntry {
    const { vids, registry } = this.#options;
    return vids.rowEntry(vid, (name) => registry.byName(name)?.slot);
  }
}
