import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Decision, REASON, REASONS } from '../../../driver/index.ts';
import { DecidingCard } from '../../../host/compare/deciding-card.ts';
import type { Decided } from '../../../host/compare/engine.ts';
import { askedOverride } from '../../../host/compare/identifier.ts';
import type { PresetVid } from '../../../host/compare/vid-file.ts';
import { buildEthernet } from '../../../host/protocol/ethernet.ts';
import { buildIpv4 } from '../../../host/protocol/ipv4.ts';
import { buildUdp } from '../../../host/protocol/udp.ts';
import { readHeaders } from '../../../host/steering/headers.ts';
import { placesOf } from '../../../host/steering/override.ts';
import {
  ReferenceCard,
  type Ended as ReferenceEnd,
} from '../../../host/steering/reference-card.ts';
import { loadServices } from '../../../host/steering/service-file.ts';
import type { CardState, OverrideEntry } from '../../../host/steering/state.ts';
import { Random } from '../../generators/random.ts';
import { Traffic } from '../../generators/traffic.ts';
import { gpdu, LINK, sctp, udp } from './frames.ts';

const FOLDER = new URL('../../../host/services/', import.meta.url).pathname;
const services = (...names: string[]) => loadServices(names.map((name) => `${FOLDER}${name}.yaml`));

type Numbered = Decided<number>;
const reasonOf = ({ decision }: Numbered) => REASONS[decision.reason]?.name;

describe.each([
  ['sim', ['sip', 'gtp', 'l2tp', 'vxlan', 'sctp']],
  ['ecp5-25', ['l2tp', 'vxlan', 'sctp']],
])('a card that decides captures, %s', (configuration, names) => {
  let card: DecidingCard<number>;
  beforeAll(async () => {
    card = await DecidingCard.open({ configuration, services: services(...names) });
  });
  afterAll(() => card.close());

  it('decides as the reference does, frame by frame, and learns as it goes', async () => {
    const places = new Map<number, OverrideEntry>();
    const state: CardState = { ...card.state, overrides: places };
    const reference = new ReferenceCard(state);
    const random = new Random(7);
    const traffic = new Traffic(random, state, { fragmented: 60 });
    const sent: Buffer[] = [];
    const wanted = new Map<number, Partial<Decision>>();
    const found = new Map<number, Numbered>();
    const numbers = new Map<Uint8Array, number>();
    const known = new Set<string>();
    const expected = (ends: readonly ReferenceEnd[]) => {
      for (const { frame, verdict } of ends) {
        wanted.set(numbers.get(frame) ?? -1, verdict.decision);
      }
    };
    while (sent.length < 1200) {
      const offers = Array.from({ length: random.between(1, 30) }, () => {
        // Identifiers come again, as they do in sessions, soon or later.
        const again = sent.length > 0 && random.chance(50);
        const late = random.pick(sent.length > 0 ? sent : [Buffer.alloc(1)]);
        const frame = again
          ? random.chance(50)
            ? (sent.at(-1) ?? late)
            : late
          : traffic.next().frame;
        sent.push(frame);
        return { offered: sent.length - 1, frame, timeUs: sent.length * 20_000 };
      });
      for (const one of await card.pass(offers)) found.set(one.offered, one);
      for (const { offered, frame: given, timeUs } of offers) {
        // A copy of its own, so that the reference's ends can be told apart.
        const frame = addressed(given, state);
        numbers.set(frame, offered);
        expected(reference.advance(timeUs));
        expected(reference.arrive(frame, { from: { port: 0 } }));
        const one = found.get(offered);
        if (one?.learned !== undefined) teach(places, known, card, one);
      }
    }
    for (const one of await card.finish()) found.set(one.offered, one);
    expected(reference.advance(1e9));
    expect(found.size).toBe(sent.length);
    for (const [number, { decision }] of found) {
      const { time_us: _, ...fields } = decision;
      const drop = REASONS[decision.reason]?.end === 'drop';
      expect(drop ? { ...fields, egress: 0 } : fields, `frame ${number}`).toEqual(
        wanted.get(number),
      );
    }
    const reasons = new Set([...found.values()].map(reasonOf));
    for (const name of ['steer_active', 'punt_no_override', 'punt_setup', 'no_service', 'runt']) {
      expect(reasons, name).toContain(name);
    }
    expect([...found.values()].some(({ decision }) => decision.override_hit)).toBe(true);
    expect([...found.values()].some(({ clocks }) => clocks === undefined)).toBe(true);
  });

  it('decides frames alike that come together and alone, in the same clocks', async () => {
    const random = new Random(8);
    const traffic = new Traffic(random, card.state, { fragmented: 0, long: 100 });
    // Fragments wait for each other, so that it matters what was there before.
    const mac = card.state.ports[0]?.mac ?? '';
    const frames = Array.from({ length: 300 }, () => traffic.next().frame).filter((frame) => {
      const { ip } = readHeaders(addressed(frame, card.state), { line: true, mac });
      return !ip?.firstFragment && !ip?.laterFragment;
    });
    const offer = (frame: Buffer, offered: number) => ({ offered, frame, timeUs: 1e9 });
    const together = await card.pass(frames.map(offer));
    // Once more, so that all identifiers are known to both.
    const again = await card.pass(frames.map(offer));
    const alone: Numbered[] = [];
    for (const [n, frame] of frames.entries()) alone.push(...(await card.pass([offer(frame, n)])));
    const told = (ends: readonly Numbered[]) =>
      ends.map((one) => [one.offered, reasonOf(one), one.decision.vid, one.clocks]);
    expect(told(again)).toEqual(told(alone));
    expect(together.map(({ offered }) => offered)).toEqual(frames.map((_, n) => n));
  });
});

/** What `pass` makes of a frame. */
function addressed(frame: Buffer, { ports }: CardState): Buffer {
  const copy = Buffer.from(frame);
  const mac = Buffer.from((ports[0]?.mac ?? '').replaceAll(':', ''), 'hex');
  if (copy.length >= 6 && ((copy[0] ?? 0) & 1) === 0) mac.copy(copy);
  return copy;
}

/** The reference finds what has been learned so far where it lies in the card. */
function teach(
  places: Map<number, OverrideEntry>,
  known: Set<string>,
  card: DecidingCard<number>,
  { frame, decision, learned }: Numbered,
) {
  const rule = card.state.rules[decision.rule];
  const asked = rule && askedOverride(rule, frame, decision);
  known.add(`${asked?.space} ${asked?.key}`);
  places.clear();
  for (const { place, space, key, vid } of card.overrides()) {
    if (!known.has(`${space} ${key}`)) continue;
    expect(placesOf(space, key, card.card.sizes.overrides)).toContain(place);
    places.set(place, { space, key, vid });
  }
  expect([...places.values()].some(({ vid }) => vid === learned)).toBe(true);
}

async function withCard<T>(
  options: { configuration?: string; names: string[]; presets?: PresetVid[] },
  work: (card: DecidingCard<number>) => Promise<T>,
): Promise<T> {
  const { configuration = 'sim', names, presets = [] } = options;
  const card = await DecidingCard.open<number>({
    configuration,
    services: services(...names),
    presets: () => presets,
  });
  try {
    return await work(card);
  } finally {
    await card.close();
  }
}

describe('learning', () => {
  it('punts the first frame with an identifier and steers those that follow, by the hash', () =>
    withCard({ names: ['sctp'] }, async (card) => {
      // An INIT has tag 0 and is a set-up; nothing is learned from it. All come at once.
      const tags = [0, 0x1a2b3c4d, 0x1a2b3c4d, 0x1a2b3c4e];
      const ends = await card.pass(
        tags.map((tag, offered) => ({ offered, frame: sctp(tag), timeUs: 0 })),
      );
      expect(ends.map((one) => [reasonOf(one), one.decision.vid, one.learned])).toEqual([
        ['punt_setup', 0, undefined],
        ['punt_no_override', 0, VID_1A2B3C4D],
        ['steer_active', VID_1A2B3C4D, undefined],
        ['punt_no_override', 0, expect.any(Number)],
      ]);
      expect(ends[2]?.decision.slot).toBe(VID_1A2B3C4D % 64);
      expect(card.learning).toEqual({ learned: 2, withoutRoom: 0 });
    }));

  it('gives presets before the first frame', () =>
    withCard(
      { names: ['sctp'], presets: [{ space: 1, key: 0x1a2b3c4dn, vid: 77 }] },
      async (card) => {
        const [end] = await card.pass([{ offered: 0, frame: sctp(0x1a2b3c4d), timeUs: 0 }]);
        expect(end?.decision).toMatchObject({ reason: REASON.steer_active, vid: 77, slot: 13 });
      },
    ));

  it('computes the VID where the identifier has it, and learns nothing', () =>
    withCard({ names: ['gtp'] }, async (card) => {
      const [end] = await card.pass([{ offered: 0, frame: gpdu('00050007'), timeUs: 0 }]);
      expect(end).toMatchObject({ learned: undefined, decision: { vid: 5, key: 0x00050007n } });
    }));

  it('goes on where the override table has no room left', () =>
    withCard({ configuration: 'ecp5-25', names: ['sctp'] }, async (card) => {
      for (let n = 1; n <= 700; n++)
        await card.pass([{ offered: n, frame: sctp(n * 7919), timeUs: n }]);
      const { learned, withoutRoom } = card.learning;
      expect(learned + withoutRoom).toBe(700);
      expect(withoutRoom).toBeGreaterThan(0);
      const [known] = await card.pass([{ offered: 701, frame: sctp(7919), timeUs: 701 }]);
      expect(known && reasonOf(known)).toBe('steer_active');
    }));
});

describe('a small card', () => {
  it('is not asked for more than its queues hold', () =>
    withCard({ configuration: 'ecp5-25', names: ['sctp'] }, async (card) => {
      const frame = Buffer.concat([sctp(0), Buffer.alloc(1900)]);
      const offers = Array.from({ length: 64 }, (_, offered) => ({ offered, frame, timeUs: 0 }));
      const ends = await card.pass(offers);
      expect(new Set(ends.map(reasonOf))).toEqual(new Set(['punt_setup']));
      expect(new Set(ends.map(({ clocks }) => clocks)).size).toBe(1);
    }));
});

/** FNV-1a of 01 and the 16 bytes 0…1a2b3c4d, modulo 65,536; computed outside of this project. */
const VID_1A2B3C4D = 23_208;

describe('clocks', () => {
  it('are the same for the same frame, whatever came before, and count its beats', () =>
    withCard({ names: ['gtp'] }, async (card) => {
      const short = gpdu('00050007');
      const long = Buffer.concat([short, Buffer.alloc(800)]); // trailer behind the packet
      const clocks: (number | undefined)[] = [];
      for (const [n, frame] of [short, short, long, short].entries()) {
        for (const end of await card.pass([{ offered: n, frame: frame, timeUs: n }]))
          clocks.push(end.clocks);
      }
      const [first] = clocks;
      expect(clocks).toEqual([first, first, (first ?? 0) + 100, first]);
    }));
});

describe('fragments', () => {
  const packet = buildUdp({
    src: '198.51.100.9',
    dst: '192.0.2.2',
    srcPort: 2152,
    dstPort: 2152,
    payload: Buffer.concat([Buffer.from('30ff00280005000700000000', 'hex'), Buffer.alloc(36)]),
  });
  const fragment = (offset: number, length: number, identification = 9) =>
    buildEthernet({
      ...LINK,
      etherType: 0x0800,
      payload: buildIpv4({
        src: '198.51.100.9',
        dst: '192.0.2.2',
        protocol: 17,
        identification,
        fragmentOffset: offset,
        moreFragments: offset + length < packet.length,
        payload: packet.subarray(offset, offset + length),
      }),
    });

  it('that come before their first wait for it, and it is told which frames they were', () =>
    withCard({ names: ['gtp'] }, async (card) => {
      const ends: Numbered[] = [];
      const frames = [fragment(32, 24), fragment(24, 8), udp('192.0.2.9', 9, ''), fragment(0, 24)];
      for (const [n, frame] of frames.entries())
        ends.push(...(await card.pass([{ offered: n, frame: frame, timeUs: n }])));
      expect(ends.map((one) => [one.offered, reasonOf(one), one.decision.vid])).toEqual([
        [2, 'no_service', 0],
        [3, 'steer_active', 5],
        [0, 'steer_active', 5],
        [1, 'steer_active', 5],
      ]);
      expect(ends.map(({ clocks }) => clocks !== undefined)).toEqual([true, true, false, false]);
      expect(await card.finish()).toEqual([]);
    }));

  it('that come too long after their first do not follow it, whatever came in between', () =>
    withCard({ names: ['gtp'] }, async (card) => {
      const frames = [fragment(0, 24), udp('192.0.2.9', 9, ''), fragment(24, 32)];
      const offers = frames.map((frame, n) => ({ offered: n, frame, timeUs: 350_000 * n }));
      const ends = [...(await card.pass(offers)), ...(await card.finish())];
      expect(ends.map((one) => [one.offered, reasonOf(one)])).toEqual([
        [0, 'steer_active'],
        [1, 'no_service'],
        [2, 'fragment_timeout'],
      ]);
    }));

  it('whose first does not come have their end when the capture goes on, or ends', () =>
    withCard({ names: ['gtp'] }, async (card) => {
      expect(await card.pass([{ offered: 0, frame: fragment(32, 24), timeUs: 0 }])).toEqual([]);
      expect(
        await card.pass([{ offered: 1, frame: fragment(32, 24, 10), timeUs: 400_000 }]),
      ).toEqual([]);
      // Frame 0 has waited for half a second; frame 1, as long as it, has not.
      const ends = await card.pass([
        { offered: 2, frame: udp('192.0.2.9', 9, ''), timeUs: 600_000 },
      ]);
      const told = ends.map((one) => [one.offered, reasonOf(one)]);
      expect(told.sort()).toEqual([
        [0, 'fragment_timeout'],
        [2, 'no_service'],
      ]);
      const last = await card.finish();
      expect(last.map((one) => [one.offered, reasonOf(one)])).toEqual([[1, 'fragment_timeout']]);
    }));
});
