/** The identifier at every place that the header window has, in every width and byte order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CardSizes } from '../../driver/index.ts';
import { buildUdpFrame } from '../../host/protocol/udp.ts';
import type { Identifier, Rule } from '../../host/steering/rule.ts';
import type { CardState } from '../../host/steering/state.ts';
import { Random } from '../generators/random.ts';
import { CardUnderTest, type Offered } from './card-under-test.ts';
import { agree } from './expectation.ts';
import { fromLine, LINE_MAC, plainState } from './plain-state.ts';

const FIRST_PORT = 3000;
let card: CardUnderTest;

beforeAll(async () => {
  card = await CardUnderTest.open('sim', 3);
});
afterAll(async () => card?.close());

/** One rule for each identifier, told apart by the destination port. */
function stateFor(sizes: CardSizes, identifiers: readonly Identifier[]): CardState {
  const rules = identifiers.map((identifier, i): Rule => {
    const port = FIRST_PORT + i;
    return {
      service: 'test',
      name: `rule-${i}`,
      doc: '',
      match: {
        protocol: 17,
        destinations: 'any',
        ports: { low: port, high: port },
        compare: undefined,
      },
      identifier,
      override: undefined,
      setup: { always: false, zero: false, types: undefined },
      origin: undefined,
    };
  });
  return { ...plainState(sizes), rules };
}

/** A packet of 300 random bytes behind headers of every length. */
function frameFor(random: Random, dstPort: number): Buffer {
  const vlans = Array.from({ length: random.below(3) }, () => ({ vlanId: 1 }));
  const v6 = random.chance(40);
  const addresses = v6
    ? { src: '2001:db8::1', dst: '2001:db8::2' }
    : { src: '192.0.2.1', dst: '192.0.2.2', options: Buffer.alloc(random.below(11) * 4, 1) };
  const link = { dstMac: LINE_MAC, srcMac: '02:00:00:00:00:99', vlans };
  return buildUdpFrame({ ...link, ...addresses, srcPort: 1, dstPort, payload: random.bytes(300) });
}

describe('identifiers', () => {
  it.each(['l3', 'l4', 'payload', 'destination'] as const)('from %s', async (base) => {
    const random = new Random(base.length);
    const all: Identifier[] = [];
    for (let offset = 0; offset < 150; offset++) {
      for (let width = 1; width <= 8; width++) {
        const order = random.chance(50) ? 'big' : 'little';
        const mask = 2n ** 64n - 1n;
        // High bits too go through subtraction and shift.
        const shift = random.below(64);
        all.push({ base, offset, width, order, mask, subtract: random.bits(64), shift });
      }
    }
    const reasons = new Map<string, number>();
    const { rules } = card.sizes;
    for (let done = 0; done < all.length; done += rules) {
      const state = stateFor(card.sizes, all.slice(done, done + rules));
      await card.load(state);
      const frames = state.rules.flatMap((_, i): Offered[] =>
        Array.from({ length: 4 }, () => ({
          frame: frameFor(random, FIRST_PORT + i),
          arrival: fromLine,
        })),
      );
      for (const ended of await card.pass(frames)) {
        const { reason, decision } = agree(ended, state);
        expect(decision.rule_hit).toBe(1);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
    expect(reasons.get('punt_window')).toBeGreaterThan(100);
    expect(reasons.get('punt_vid_range')).toBeGreaterThan(100);
  });

  it('up to the window’s last byte and not one further', async () => {
    const { window } = card.sizes;
    const payloadAt = 14 + 20 + 8;
    const place = { base: 'payload', order: 'big', mask: 0xffn, subtract: 0n, shift: 0 } as const;
    const identifiers = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((width): Identifier[] => [
      { ...place, width, offset: window - payloadAt - width },
      { ...place, width, offset: window - payloadAt - width + 1 },
    ]);
    const state = stateFor(card.sizes, identifiers);
    await card.load(state);
    const addresses = { src: '192.0.2.1', dst: '192.0.2.2' };
    const frames = identifiers.map((_, i): Offered => {
      const link = { dstMac: LINE_MAC, srcMac: '02:00:00:00:00:99', srcPort: 1 };
      const payload = Buffer.from(Array.from({ length: 300 }, (_, n) => n & 0xff));
      const frame = buildUdpFrame({ ...link, ...addresses, dstPort: FIRST_PORT + i, payload });
      return { frame, arrival: fromLine };
    });
    const reasons = (await card.pass(frames)).map((ended) => agree(ended, state).reason);
    // The identifier's last byte is byte 117 of the payload: a VID without a row.
    expect(reasons).toEqual(
      identifiers.map((_, i) => (i % 2 === 0 ? 'punt_no_row' : 'punt_window')),
    );
  });
});
