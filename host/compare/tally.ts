/** What the frames of a capture came to, counted as they pass. */
import type { FrameReport } from './frame-report.ts';

export interface TallyRow {
  readonly end: string;
  readonly reason: string;
  readonly frames: number;
}

export interface ServiceRow {
  readonly service: string;
  readonly rule: string;
  readonly frames: number;
  readonly steered: number;
  readonly punted: number;
  readonly dropped: number;
}

export class Tally {
  frames = 0;
  cut = 0;
  learned = 0;
  /** Of frames that did not wait for another one. */
  readonly clocks = { frames: 0, least: Number.POSITIVE_INFINITY, most: 0, sum: 0 };
  readonly #ends = new Map<string, { -readonly [K in keyof TallyRow]: TallyRow[K] }>();
  readonly #services = new Map<string, { -readonly [K in keyof ServiceRow]: ServiceRow[K] }>();
  readonly #slots = new Map<number, number>();

  add({ end, reason, service, rule, slot, clocks, cut, learned }: FrameReport): void {
    this.frames++;
    if (cut) this.cut++;
    if (learned !== undefined) this.learned++;
    if (clocks !== null) {
      this.clocks.frames++;
      this.clocks.sum += clocks;
      this.clocks.least = Math.min(this.clocks.least, clocks);
      this.clocks.most = Math.max(this.clocks.most, clocks);
    }
    const name = `${end}/${reason}`;
    const row = this.#ends.get(name) ?? { end: end ?? '–', reason, frames: 0 };
    row.frames++;
    this.#ends.set(name, row);
    if (slot !== null) this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + 1);
    if (service !== null && rule !== null) this.#addService(service, rule, end);
  }

  #addService(service: string, rule: string, end: FrameReport['end']): void {
    const name = `${service}/${rule}`;
    const none = { service, rule, frames: 0, steered: 0, punted: 0, dropped: 0 };
    const row = this.#services.get(name) ?? none;
    row.frames++;
    if (end === 'steer') row.steered++;
    else if (end === 'punt') row.punted++;
    else row.dropped++;
    this.#services.set(name, row);
  }

  /** The most frequent first. */
  byEnd(): TallyRow[] {
    return [...this.#ends.values()].sort((a, b) => b.frames - a.frames);
  }

  byService(): ServiceRow[] {
    return [...this.#services.values()].sort((a, b) => b.frames - a.frames);
  }

  /** By slot number. */
  bySlot(): { readonly slot: number; readonly frames: number }[] {
    return [...this.#slots]
      .map(([slot, frames]) => ({ slot, frames }))
      .sort((a, b) => a.slot - b.slot);
  }
}
