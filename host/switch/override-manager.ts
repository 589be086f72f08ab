/**
 * Overrides as an operator or a handler names them: a service rule and what it looks at. Those that
 * may age go when no packet has used them for a while.
 */
import type { Card, NewOverride, Override, OverrideStatistics } from '../../driver/index.ts';
import { OverrideTable } from '../../driver/index.ts';
import { addressToBytes, bytesToAddress } from '../protocol/address.ts';
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import { overrideKey } from '../steering/override.ts';
import { type Rule, ruleName, type Service } from '../steering/rule.ts';
import type { Mismatch } from './projection.ts';

/** What cannot be done with an override, and the remedy. */
export class OverrideError extends Error {
  override readonly name = 'OverrideError';
}

/** What a rule asks its overrides by; which of them it needs, its service file says. */
export interface OverrideMatch {
  /** `service/rule`. */
  readonly rule: string;
  /** IPv4 or IPv6 address. */
  readonly source?: string | undefined;
  /** As it stands in the packet; the rule's mask is put over it. */
  readonly identifier?: bigint | undefined;
}

export interface OverrideStatus {
  /** Rules that share its name space. */
  readonly rules: readonly string[];
  readonly space: number;
  /** Hexadecimal. */
  readonly key: string;
  readonly source: string | undefined;
  /** Under the rule's mask, hexadecimal. */
  readonly identifier: string | undefined;
  readonly vid: number;
  readonly fixed: boolean;
  /** Seconds for which no packet has used it, at least; 0: used in the last sweep. */
  readonly idle: number;
}

/** Milliseconds between two sweeps of the hit bits. */
const SWEEP = 10_000;

export class OverrideManager {
  readonly table: OverrideTable;
  readonly #rules: readonly Rule[];
  readonly #clock: Clock;
  readonly #sweeps: number;
  readonly #aged: () => void;
  #timer: ClockTimer | undefined;
  #closed = false;

  /** @param age seconds without a packet after which an override that may age goes. */
  constructor(
    card: Card,
    services: readonly Service[],
    { clock, age, aged }: { clock: Clock; age: number; aged: () => void },
  ) {
    this.table = new OverrideTable(card);
    this.#rules = services.flatMap(({ rules }) => rules.filter((rule) => rule.override));
    this.#clock = clock;
    this.#sweeps = Math.max(1, Math.ceil((age * 1000) / SWEEP));
    this.#aged = aged;
  }

  /** Makes the card hold `wanted`; a card that was not at work holds nothing that counts. */
  async start(wanted: readonly NewOverride[], atWork: boolean): Promise<void> {
    if (atWork) await this.table.reconcile(wanted);
    else {
      await this.table.clear();
      await this.table.insert(wanted);
    }
    this.#schedule();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  statistics(): OverrideStatistics {
    return this.table.statistics();
  }

  /** Places of the card's table that are not as they should be. Writes nothing. */
  async verify(): Promise<Mismatch[]> {
    const entry = (held: Override | undefined) => ({
      ...(held ?? { space: 0, key: 0n, vid: 0 }),
      valid: held === undefined ? 0 : 1,
    });
    return (await this.table.compare()).map(({ place, wanted, found }) => {
      const [should, is] = [entry(wanted), entry(found)];
      const fields = (Object.keys(should) as (keyof typeof should)[]).filter(
        (field) => should[field] !== is[field],
      );
      return { table: 'override', index: place, fields, wanted: should, found: is };
    });
  }

  list(): OverrideStatus[] {
    return this.table.list().map(({ space, key, vid, fixed, idle }) => {
      const rules = this.#rules.filter((rule) => rule.override?.space === space);
      const by = rules[0]?.override?.by;
      return {
        rules: rules.map(ruleName),
        space,
        key: hex(key),
        source: by === undefined || by === 'identifier' ? undefined : sourceOf(key, by),
        identifier: by === undefined || by === 'source' ? undefined : hex(key & MASK_64),
        vid,
        fixed,
        idle: (idle * SWEEP) / 1000,
      };
    });
  }

  /** Throws OverrideError where the rule asks for none, or by something else; rejects as the table. */
  async add(match: OverrideMatch, vid: number, fixed: boolean): Promise<void> {
    await this.table.insert({ ...this.#keyOf(match), vid, fixed });
  }

  /** Throws OverrideError where there is no such override. */
  async remove(match: OverrideMatch): Promise<void> {
    const { space, key } = this.#keyOf(match);
    if (await this.table.delete(space, key)) return;
    throw new OverrideError(
      `${match.rule} has no such override (space ${space}, key ${hex(key)}); ` +
        'vidline override list shows which there are',
    );
  }

  /** Removes all that name a VID that is nobody's any more. */
  async forget(vid: number): Promise<void> {
    for (const { space, key, vid: its } of this.table.list())
      if (its === vid) await this.table.delete(space, key);
  }

  #keyOf({ rule: name, source, identifier }: OverrideMatch): { space: number; key: bigint } {
    const rule = this.#rules.find((candidate) => ruleName(candidate) === name);
    if (rule?.override === undefined) {
      const known = this.#rules.map(ruleName).join(', ');
      throw new OverrideError(
        `no rule ${name} asks for overrides; there are ${known || 'none'} ` +
          '(override in a service file: host/services/README.md)',
      );
    }
    const { by, space } = rule.override;
    const wanted = { source: by !== 'identifier', identifier: by !== 'source' };
    for (const [what, given] of Object.entries({ source, identifier })) {
      const wants = wanted[what as keyof typeof wanted];
      if (wants === (given !== undefined)) continue;
      throw new OverrideError(`${name} asks by ${by}: ${wants ? 'give' : 'leave out'} the ${what}`);
    }
    const bytes = source === undefined ? Buffer.alloc(4) : addressToBytes(source);
    return {
      space,
      key: overrideKey(by, bytes, (identifier ?? 0n) & (rule.identifier?.mask ?? 0n)),
    };
  }

  #schedule(): void {
    this.#timer = this.#clock.schedule(SWEEP, () => {
      if (this.table.statistics().entries === 0) {
        this.#schedule();
        return;
      }
      this.table.age(this.#sweeps).then(
        (gone) => {
          if (this.#closed) return;
          if (gone.length > 0) this.#aged();
          this.#schedule();
        },
        () => {}, // the card is gone; its own event says so
      );
    });
  }
}

const MASK_64 = (1n << 64n) - 1n;
const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** IPv4 where all behind the first 32 bits are 0: there the two cannot be told apart. */
function sourceOf(key: bigint, by: 'source' | 'source_identifier'): string {
  const bytes = Buffer.from(key.toString(16).padStart(32, '0'), 'hex');
  if (by === 'source_identifier') bytes.fill(0, 8);
  const short = bytes.subarray(4).every((byte) => byte === 0);
  return bytesToAddress(short ? bytes.subarray(0, 4) : bytes);
}
