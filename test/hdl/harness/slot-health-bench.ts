/** slot_health with its pins in one place, and what it should come to, written down by its contract. */
import type { SlotHealthEntry } from '../../../driver/generated/registers.ts';
import { VALUES } from '../../../driver/generated/registers.ts';
import type { Make } from './build.ts';
import type { Dut } from './dut.ts';
import { Struct } from './records.ts';

export const HEALTH = new Struct('slot_health_entry_t');
export const EVENT = new Struct('slot_event_entry_t');
export const CAUSE = VALUES.slot_event_cause;
export const NONE = 2n ** 48n - 1n;
export const SIZES = { small: { SLOTS: 8, PORTS: 2 }, large: { SLOTS: 16, PORTS: 4 } } as const;

export interface Event {
  count: number;
  cause: number;
  wentDown: boolean;
  stale: boolean;
  time: bigint;
}

export class SlotHealthBench {
  readonly dut: Dut;
  readonly slots: number;
  readonly ports: number;
  /** Clocks in which whatever has changed must have taken effect. */
  readonly lag: number;
  time = 5_000_000n;
  link: bigint;
  stalled = 0n;

  constructor(make: Make, size: keyof typeof SIZES, seed = 1) {
    this.dut = make(seed);
    this.slots = SIZES[size].SLOTS;
    this.ports = SIZES[size].PORTS;
    this.lag = 2 * (this.slots + this.ports) + 10;
    this.link = 2n ** BigInt(this.ports) - 1n;
    const table = { raise_i: 0, drop_i: 0, slot_i: 0, slot_ports_i: 0, health_write_i: 0 };
    const frames = { heartbeat_i: 0, heartbeat_slot_i: 0, stale_i: 0, stale_slot_i: 0 };
    const host = { host_index_i: 0, event_ack_i: 0, event_count_i: 0, health_data_i: 0 };
    const limits = { stall_us_i: 0, suspect_hold_us_i: 0 };
    this.dut.set({ ...table, ...frames, ...host, ...limits });
    this.pins().dut.reset();
    this.clock(this.slots + 1);
  }

  pins(): this {
    this.dut.set({ time_us_i: this.time, link_i: this.link, stalled_i: this.stalled });
    return this;
  }

  clock(times = 1): void {
    this.pins().dut.clock(times);
  }

  /** One clock with pulses. */
  pulse(values: Readonly<Record<string, number>>): void {
    this.dut.set(values);
    this.clock();
    this.dut.set({ raise_i: 0, drop_i: 0, heartbeat_i: 0, stale_i: 0 });
    this.dut.set({ health_write_i: 0, event_ack_i: 0 });
  }

  raise = (slot: number) => this.pulse({ raise_i: 1, slot_i: slot });
  drop = (slot: number) => this.pulse({ drop_i: 1, slot_i: slot });
  beat = (slot: number) => this.pulse({ heartbeat_i: 1, heartbeat_slot_i: slot });
  stale = (slot: number) => this.pulse({ stale_i: 1, stale_slot_i: slot });

  expect(slot: number, health: Partial<SlotHealthEntry>): void {
    this.dut.set({ health_data_i: HEALTH.pack(health) });
    this.pulse({ health_write_i: 1, host_index_i: slot });
  }

  behind(ports: readonly number[]): void {
    const whole = ports.reduce((sum, port, slot) => sum | (BigInt(port) << BigInt(4 * slot)), 0n);
    this.dut.set({ slot_ports_i: whole });
  }

  acknowledge(slot: number, count: number): void {
    this.pulse({ event_ack_i: 1, host_index_i: slot, event_count_i: count });
    this.clock(3);
  }

  event(slot: number): Event {
    this.dut.set({ host_index_i: slot });
    this.clock();
    this.dut.set({ host_index_i: (slot + 1) % this.slots });
    this.clock(2);
    const { count, cause, went_down, stale, time_us } = EVENT.unpack(this.dut.big('event_data_o'));
    const flags = { wentDown: went_down === 1n, stale: stale === 1n };
    return { count: Number(count), cause: Number(cause), ...flags, time: time_us ?? 0n };
  }

  health(slot: number): bigint {
    this.dut.set({ host_index_i: slot });
    this.clock();
    this.dut.set({ host_index_i: (slot + 1) % this.slots });
    this.clock(2);
    return this.dut.big('health_data_o');
  }

  up = (slot: number) => ((this.dut.big('up_o') >> BigInt(slot)) & 1n) === 1n;
  pending = (slot: number) => ((this.dut.big('pending_o') >> BigInt(slot)) & 1n) === 1n;

  settle(): void {
    for (let i = 0; this.dut.get('settled_o') === 0; i++) {
      if (i > 3 * this.lag) throw new Error('it does not settle');
      this.clock();
    }
  }
}

/** What should be so when all is at rest: written down by what the contract says, not by how it is found. */
export class SlotHealthModel {
  readonly up: boolean[];
  readonly heard: bigint[];
  readonly events: Event[];
  readonly health: SlotHealthEntry[];
  readonly ports: number[];
  readonly lost = new Set<number>();
  hold = 0n;

  constructor(slots: number, ports: number[], now: bigint) {
    this.up = Array<boolean>(slots).fill(false);
    this.heard = Array<bigint>(slots).fill(now);
    this.health = Array.from({ length: slots }, () => ({ nonce: 0, timeout_us: 0, suspect_us: 0 }));
    this.ports = ports;
    this.events = Array.from({ length: slots }, () => ({
      count: 0,
      cause: CAUSE.none,
      wentDown: false,
      stale: false,
      time: 0n,
    }));
  }

  down(slot: number, cause: number, now: bigint): void {
    const event = this.events[slot];
    if (!this.up[slot] || event === undefined) return;
    this.up[slot] = false;
    const count = (event.count + 1) % 256;
    this.events[slot] = { ...event, count, cause, wentDown: true, time: now };
  }

  stale(slot: number): void {
    const event = this.events[slot];
    if (event === undefined || event.stale) return;
    this.events[slot] = { ...event, count: (event.count + 1) % 256, stale: true };
  }

  acknowledge(slot: number, count: number): void {
    const event = this.events[slot];
    if (event?.count === count) this.events[slot] = { ...event, wentDown: false, stale: false };
  }

  /** All that follows from the time. */
  tick(now: bigint): void {
    for (const [slot, { timeout_us }] of this.health.entries()) {
      if ((this.heard[slot] ?? 0n) > now) this.heard[slot] = now;
      const elapsed = now - (this.heard[slot] ?? 0n);
      if (this.lost.has(this.ports[slot] ?? 0)) this.down(slot, CAUSE.link, now);
      else if (timeout_us > 0 && elapsed >= BigInt(timeout_us)) {
        this.down(slot, CAUSE.heartbeat, now);
      }
    }
  }

  #suspects = ({ timeout_us, suspect_us }: SlotHealthEntry) =>
    suspect_us > 0 && (timeout_us === 0 || suspect_us < timeout_us);

  held(now: bigint): bigint {
    let ports = 0n;
    for (const [slot, health] of this.health.entries()) {
      const elapsed = now - (this.heard[slot] ?? 0n);
      const from = BigInt(health.suspect_us);
      if (!this.up[slot] || !this.#suspects(health)) continue;
      if (elapsed >= from && elapsed < from + this.hold)
        ports |= 1n << BigInt(this.ports[slot] ?? 0);
    }
    return ports;
  }

  deadline(now: bigint): bigint {
    let earliest = NONE;
    for (const [slot, health] of this.health.entries()) {
      if (!this.up[slot]) continue;
      const limits = [health.timeout_us, this.#suspects(health) ? health.suspect_us : 0];
      for (const limit of limits) {
        const time = (this.heard[slot] ?? 0n) + BigInt(limit);
        if (limit > 0 && time > now && time < earliest) earliest = time;
      }
    }
    return earliest;
  }
}
