import { beforeAll, describe, expect, test } from 'vitest';
import type { SlotHealthEntry } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import {
  CAUSE,
  EVENT,
  HEALTH,
  NONE,
  SIZES,
  SlotHealthBench,
  SlotHealthModel,
} from './harness/slot-health-bench.ts';
import { Random } from './harness/streams.ts';

let makers: Record<keyof typeof SIZES, Make>;
beforeAll(async () => {
  makers = await build('slot-health', {
    small: { module: 'slot_health', parameters: SIZES.small },
    large: { module: 'slot_health', parameters: SIZES.large },
  });
});

const bench = (size: keyof typeof SIZES, seed = 1) => new SlotHealthBench(makers[size], size, seed);

function randomHealth(random: Random): SlotHealthEntry {
  const limit = () => random.pick([0, 0, 1, 2, 1000, random.below(5000), 0xffffff]);
  return { nonce: random.word(), timeout_us: limit(), suspect_us: limit() };
}

describe.each(['small', 'large'] as const)('slot_health, %s', (size) => {
  const { SLOTS, PORTS } = SIZES[size];

  test('after reset all is down, nothing is expected and nothing has happened', () => {
    const one = bench(size);
    one.settle();
    expect(one.dut.big('up_o')).toBe(0n);
    expect(one.dut.big('pending_o')).toBe(0n);
    expect(one.dut.big('nonces_o')).toBe(0n);
    expect(one.dut.big('hold_o')).toBe(0n);
    expect(one.dut.big('deadline_us_o')).toBe(NONE);
    for (let slot = 0; slot < SLOTS; slot++) {
      expect(one.health(slot)).toBe(0n);
      expect(one.event(slot)).toMatchObject({ count: 0, wentDown: false, stale: false, time: 0n });
    }
  });

  test('raised and dropped in the first clocks after reset', () => {
    for (let offset = 0; offset < SLOTS + PORTS + 2; offset++) {
      const one = bench(size, offset + 1);
      one.dut.reset();
      one.expect(1, { timeout_us: 5 });
      one.clock(offset);
      one.raise(1);
      one.raise(2);
      one.drop(2);
      one.clock(one.lag);
      expect([one.up(1), one.up(2)]).toEqual([true, false]);
      expect(one.event(2)).toMatchObject({ count: 1, cause: CAUSE.host, wentDown: true });
      one.time += 4n;
      one.clock(one.lag);
      expect(one.up(1)).toBe(true);
      one.time += 1n;
      one.clock(one.lag);
      expect(one.event(1)).toMatchObject({ count: 1, cause: CAUSE.heartbeat, time: one.time });
    }
  });

  test('entries are read back, nonces seen; those that there are not read 0 and do no harm', () => {
    const random = new Random(2);
    const one = bench(size);
    const entries = Array.from({ length: SLOTS }, () => randomHealth(random));
    for (const [slot, entry] of entries.entries()) one.expect(slot, entry);
    for (const index of [SLOTS, SLOTS + 1, 64, 0x8000]) {
      one.expect(index, randomHealth(random));
      expect(one.health(index)).toBe(0n);
    }
    const nonces = one.dut.big('nonces_o');
    for (const [slot, entry] of entries.entries()) {
      expect(one.health(slot)).toBe(HEALTH.pack({ ...entry }));
      expect(BigInt.asUintN(32, nonces >> BigInt(32 * slot))).toBe(BigInt(entry.nonce));
    }
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'random sequences: all that can be seen, at rest (seed %i)',
    (seed) => {
      const random = new Random(seed);
      const one = bench(size, seed);
      const ports = Array.from({ length: SLOTS }, () => random.below(PORTS));
      const model = new SlotHealthModel(SLOTS, ports, one.time);
      one.behind(ports);
      const causes = new Map<number, number>();
      for (let round = 0; round < 700; round++) {
        const slot = random.below(SLOTS);
        const port = random.below(PORTS);
        const present = model.events[slot]?.count ?? 0;
        const steps: readonly (() => void)[] = [
          () => {
            one.raise(slot);
            model.up[slot] = true;
            model.heard[slot] = one.time;
          },
          () => {
            one.drop(slot); // nothing where it is down
            model.down(slot, CAUSE.host, one.time);
          },
          () => {
            one.beat(slot);
            model.heard[slot] = one.time;
          },
          () => {
            one.stale(slot);
            model.stale(slot);
          },
          () => {
            const entry = randomHealth(random);
            one.expect(slot, entry);
            model.health[slot] = entry;
          },
          () => {
            if (random.chance(50)) model.lost.add(port);
            else model.lost.clear();
            one.link = 0n;
            for (let p = 0; p < PORTS; p++) if (!model.lost.has(p)) one.link |= 1n << BigInt(p);
          },
          () => {
            model.hold = BigInt(random.pick([0, 1, 500, 100_000, 0xffffffff]));
            one.dut.set({ suspect_hold_us_i: model.hold });
          },
          () => {
            const count = random.chance(80) ? present : random.below(256);
            one.acknowledge(slot, count);
            model.acknowledge(slot, count);
          },
        ];
        if (random.chance(60)) random.pick([...steps, ...steps.slice(0, 3)])?.();
        else {
          const deadline = model.deadline(one.time);
          const near = deadline === NONE ? one.time : deadline - BigInt(random.between(-1, 1));
          const far = one.time + random.bits(random.between(1, 40));
          const back = one.time - random.bits(random.between(1, 30));
          one.time = random.pick([near, near, near, one.time + 1n, far, back]);
          if (one.time < 0n) one.time = 0n;
          if (one.time > 2n ** 47n) one.time = 1n;
        }
        one.clock(one.lag);
        one.settle();
        model.tick(one.time);
        for (const [other, event] of model.events.entries()) {
          expect(one.up(other), `slot ${other} in round ${round}`).toBe(model.up[other]);
          expect(one.pending(other)).toBe(event.wentDown || event.stale);
        }
        const looked = one.event(slot);
        expect(looked).toEqual(model.events[slot]);
        expect(one.dut.big('hold_o')).toBe(model.held(one.time));
        expect(one.dut.big('deadline_us_o'), `round ${round}`).toBe(model.deadline(one.time));
        causes.set(looked.cause, (causes.get(looked.cause) ?? 0) + 1);
      }
      for (const cause of [CAUSE.host, CAUSE.heartbeat, CAUSE.link]) {
        expect(causes.get(cause)).toBeGreaterThan(10);
      }
    },
  );

  test('a card that sleeps until the deadline misses nothing', () => {
    const random = new Random(20);
    const one = bench(size);
    for (let slot = 0; slot < SLOTS; slot++) {
      one.expect(slot, { timeout_us: 1000 + random.below(100_000) });
      one.raise(slot);
    }
    for (let left = SLOTS; left > 0; left--) {
      one.settle();
      expect(one.dut.big('up_o').toString(2).replaceAll('0', '').length).toBe(left);
      one.time = one.dut.big('deadline_us_o') - 1n;
      one.clock(4 * one.lag);
      expect(one.dut.get('settled_o')).toBe(1);
      expect(one.dut.big('up_o').toString(2).replaceAll('0', '').length).toBe(left);
      one.time += 1n;
      one.clock(4);
      expect(one.dut.get('settled_o')).toBe(0);
    }
    one.settle();
    expect(one.dut.big('up_o')).toBe(0n);
    expect(one.dut.big('deadline_us_o')).toBe(NONE);
  });

  test('a slot that is heard of in time stays up while time runs, and no longer', () => {
    const random = new Random(21);
    const one = bench(size);
    const beats: number[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      one.expect(slot, { timeout_us: 300 });
      one.raise(slot);
      beats[slot] = 0;
    }
    for (let i = 0; i < 20_000; i++) {
      if (random.chance(50)) one.time += BigInt(random.below(3));
      const slot = i % SLOTS;
      if (slot !== 3) one.beat(slot);
      else one.clock();
    }
    expect(one.dut.big('up_o')).toBe(2n ** BigInt(SLOTS) - 1n - 8n);
    expect(one.event(3)).toMatchObject({ count: 1, cause: CAUSE.heartbeat, wentDown: true });
  });

  test('silence of any length is silence, in one jump too', () => {
    for (let length = 10; length < 47; length++) {
      const one = bench(size, length);
      one.dut.set({ suspect_hold_us_i: 0xffffffff });
      one.expect(1, { timeout_us: 1000 });
      one.expect(2, { suspect_us: 1000 });
      one.raise(1);
      one.raise(2);
      one.clock(one.lag);
      one.time += 2n ** BigInt(length);
      one.clock(one.lag);
      expect([one.up(1), one.up(2)], `2^${length}`).toEqual([false, true]);
      expect(one.dut.big('hold_o')).toBe(length <= 32 ? 1n : 0n);
    }
  });

  test('heartbeats in every clock keep nobody else from being raised and judged', () => {
    const one = bench(size);
    one.expect(1, { timeout_us: 50 });
    one.expect(2, { timeout_us: 50 });
    one.raise(1);
    one.raise(2);
    one.dut.set({ heartbeat_i: 1, heartbeat_slot_i: 1 });
    for (let i = 0; i < 3000; i++) {
      if (i % 20 === 0) one.time += 1n;
      one.clock();
    }
    expect([one.up(1), one.up(2)]).toEqual([true, true]); // 2 has not been anchored yet
    one.dut.set({ heartbeat_i: 0 });
    one.clock(one.lag);
    one.dut.set({ heartbeat_i: 1 });
    for (let i = 0; i < 3000; i++) {
      if (i % 20 === 0) one.time += 1n;
      one.clock();
    }
    expect([one.up(1), one.up(2)]).toEqual([true, false]);
  });

  test('a queue that stands still takes the slots of its port down, one that moves does not', () => {
    for (const moves of [false, true]) {
      const one = bench(size);
      one.behind(Array.from({ length: SLOTS }, (_, slot) => slot % PORTS));
      one.dut.set({ stall_us_i: 100 });
      for (let slot = 0; slot < SLOTS; slot++) one.raise(slot);
      one.clock(one.lag);
      one.stalled = 2n;
      one.clock(one.lag);
      const start = one.time;
      while (one.time < start + 99n) {
        one.time += 1n;
        one.clock(one.lag);
      }
      const all = 2n ** BigInt(SLOTS) - 1n;
      expect(one.dut.big('up_o')).toBe(all);
      if (moves) {
        one.stalled = 0n;
        one.clock();
        one.stalled = 2n;
      }
      for (const [more, isUp] of [
        [1n, moves],
        [98n, moves],
        [1n, false],
      ] as const) {
        one.clock(one.lag);
        one.time += more;
        one.clock(one.lag);
        for (let slot = 0; slot < SLOTS; slot++) {
          expect(one.up(slot)).toBe(slot % PORTS !== 1 || isUp);
        }
      }
      expect(one.event(1)).toMatchObject({ count: 1, cause: CAUSE.stall, wentDown: true });
      // It moves again: who is raised then stays up.
      one.stalled = 0n;
      one.clock(one.lag);
      one.raise(1);
      one.clock(one.lag);
      expect(one.up(1)).toBe(true);
      one.dut.set({ stall_us_i: 0 });
      one.stalled = 2n;
      one.clock(one.lag);
      one.time += 2n ** 40n;
      one.clock(one.lag);
      expect(one.up(1)).toBe(true);
    }
  });

  test('a raise at any clock around the timeout is not undone by it', () => {
    for (let offset = 0; offset < SLOTS + PORTS + 12; offset++) {
      const one = bench(size, offset + 1);
      one.expect(2, { timeout_us: 10 });
      one.raise(2);
      one.clock(one.lag + (offset % 5));
      one.time += 10n;
      one.clock(offset);
      one.raise(2);
      one.clock(4 * one.lag);
      expect(one.up(2), `offset ${offset}`).toBe(true);
      one.time += 10n;
      one.clock(one.lag);
      expect(one.up(2)).toBe(false);
      expect([1, 2]).toContain(one.event(2).count);
    }
  });

  test('dropped by the host at any clock around the timeout: one event', () => {
    for (let offset = 0; offset < SLOTS + PORTS + 12; offset++) {
      const one = bench(size, offset + 1);
      one.expect(2, { timeout_us: 10 });
      one.raise(2);
      one.clock(one.lag + (offset % 5));
      one.time += 10n;
      one.clock(offset);
      one.drop(2);
      one.clock(4 * one.lag);
      expect(one.up(2)).toBe(false);
      expect(one.event(2)).toMatchObject({ count: 1, wentDown: true, time: one.time });
    }
  });

  test.each(['drop', 'stale', 'timeout'] as const)(
    'an event (%s) at any clock around an acknowledgement is not lost',
    (what) => {
      for (let offset = 0; offset < 2 * (SLOTS + PORTS) + 12; offset++) {
        const one = bench(size, offset + 1);
        one.expect(2, { timeout_us: 10 });
        one.raise(2);
        one.clock(one.lag);
        // Something has happened before, and the host has read it.
        if (what === 'stale') {
          one.drop(2);
          one.clock(one.lag);
        } else {
          one.stale(2);
          one.clock(one.lag);
        }
        const before = one.event(2);
        const other = what === 'stale' ? 'wentDown' : 'stale';
        expect(before).toMatchObject({ count: 1, [other]: true });
        const kick = 12 - Math.min(offset, 12);
        one.clock(kick);
        if (what === 'timeout') one.time += 10n;
        if (what === 'drop') one.drop(2);
        if (what === 'stale') one.stale(2);
        one.clock(Math.max(0, offset - 12));
        one.acknowledge(2, before.count);
        one.clock(3 * one.lag);
        const flag = what === 'stale' ? 'stale' : 'wentDown';
        const after = one.event(2);
        expect(after, `offset ${offset}`).toMatchObject({ count: 2, [flag]: true });
        expect(one.pending(2)).toBe(true);
        one.acknowledge(2, 2);
        one.clock(2);
        expect(one.pending(2)).toBe(false);
      }
    },
  );

  test.each([31, 32, 33])(
    'events under load: each is read before it is forgotten (seed %i)',
    (seed) => {
      const random = new Random(seed);
      const one = bench(size, seed);
      for (let slot = 0; slot < SLOTS; slot++) one.expect(slot, { timeout_us: 20 });
      one.clock(one.lag);
      let [now, acks, read] = [0, 0, 0];
      let before = one.dut.big('up_o');
      /** Clock at which the last fall that the host has not read was written down. */
      const owed = new Map<number, number>();
      const clock = () => {
        if (random.chance(10)) one.time += BigInt(random.below(8));
        const slot = random.below(SLOTS);
        const named = { slot_i: slot, heartbeat_slot_i: random.below(SLOTS) };
        one.dut.set({
          ...named,
          stale_slot_i: random.below(SLOTS),
          heartbeat_i: random.chance(20),
        });
        const raise = random.chance(10);
        one.dut.set({ stale_i: random.chance(20), raise_i: raise });
        const drop = !raise && random.chance(4);
        one.dut.set({ drop_i: drop });
        one.clock();
        now++;
        const up = one.dut.big('up_o');
        for (let s = 0; s < SLOTS; s++) {
          const bit = 1n << BigInt(s);
          // It is written down one clock later, the host's own drop two.
          const fell = (before & bit) !== 0n && (up & bit) === 0n;
          if (fell) owed.set(s, now + (drop && s === slot ? 2 : 1));
          const since = owed.get(s);
          if (since !== undefined && now >= since) expect(one.pending(s), `slot ${s}`).toBe(true);
        }
        before = up;
      };
      for (let round = 0; round < 4000; round++) {
        const slot = random.below(SLOTS);
        one.dut.set({ host_index_i: slot });
        for (let i = 0; i < 3; i++) clock();
        const { count, went_down } = EVENT.unpack(one.dut.big('event_data_o'));
        // What is read stood so behind the clock before the last.
        const since = owed.get(slot);
        if (went_down === 1n && since !== undefined && since <= now - 1) {
          owed.delete(slot);
          read++;
        }
        for (let i = random.below(6); i > 0; i--) clock();
        if (random.chance(70)) {
          one.dut.set({ event_ack_i: 1, event_count_i: count ?? 0n });
          clock();
          one.dut.set({ event_ack_i: 0 });
          acks++;
        }
      }
      expect(Math.min(acks, read)).toBeGreaterThan(300);
    },
  );
});
