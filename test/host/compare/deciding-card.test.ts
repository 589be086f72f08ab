import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Decision, REASON, REASONS } from '../../../driver/index.ts';
import { type Decided, DecidingCard } from '../../../host/compare/deciding-card.ts';
import type { PresetVid } from '../../../host/compare/vid-file.ts';
import { buildEthernet } from '../../../host/protocol/ethernet.ts';
import { buildIpv4 } from '../../../host/protocol/ipv4.ts';
import { buildUdp } from '../../../host/protocol/udp.ts';
import { placesOf } from '../../../host/steering/override.ts';
import { ReferenceCard } from '../../../host/steering/reference-card.ts';
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
    const take = (ends: readonly Numbered[]) => {
      for (const one of ends) found.set(one.offered, one);
    };
    for (let number = 0; number < 1200; number++) {
      // Identifiers come again, as they do in sessions.
      const again = sent.length > 0 && random.chance(50);
      const offered = again ? random.pick(sent) : traffic.next().frame;
      sent.push(offered);
      const now = number * 20_000;
      const ends = await card.pass(number, offered, now);
      const own = ends.find((one) => one.offered === number);
      // A copy of its own, so that the reference's ends can be told apart.
      const frame = Buffer.from(own?.frame ?? addressed(offered, card.state));
      numbers.set(frame, number);
      const expected = [
        ...reference.advance(now),
        ...reference.arrive(frame, { from: { port: 0 } }),
      ];
      for (const { frame: ended, verdict } of expected) {
        wanted.set(numbers.get(ended) ?? -1, verdict.decision);
      }
      take(ends);
      if (own?.learned !== undefined) teach(places, card, own);
    }
    take(await card.finish());
    for (const { frame: ended, verdict } of reference.advance(1e9)) {
      wanted.set(numbers.get(ended) ?? -1, verdict.decision);
    }
    expect(found.size).toBe(1200);
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
});

/** What `pass` makes of a frame. */
function addressed(frame: Buffer, { ports }: CardState): Buffer {
  const copy = Buffer.from(frame);
  const mac = Buffer.from((ports[0]?.mac ?? '').replaceAll(':', ''), 'hex');
  if (copy.length >= 6 && ((copy[0] ?? 0) & 1) === 0) mac.copy(copy);
  return copy;
}

/** The reference finds what the card has learned where it lies in the card. */
function teach(places: Map<number, OverrideEntry>, card: DecidingCard<number>, own: Numbered) {
  places.clear();
  for (const { place, space, key, vid } of card.overrides()) {
    expect(placesOf(space, key, card.card.sizes.overrides)).toContain(place);
    places.set(place, { space, key, vid });
  }
  expect([...places.values()].some(({ vid }) => vid === own.learned)).toBe(true);
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
      const ends: Numbered[] = [];
      // An INIT has tag 0 and is a set-up; nothing is learned from it.
      for (const [n, tag] of [0, 0x1a2b3c4d, 0x1a2b3c4d, 0x1a2b3c4e].entries()) {
        ends.push(...(await card.pass(n, sctp(tag), n)));
      }
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
        const [end] = await card.pass(0, sctp(0x1a2b3c4d), 0);
        expect(end?.decision).toMatchObject({ reason: REASON.steer_active, vid: 77, slot: 13 });
      },
    ));

  it('computes the VID where the identifier has it, and learns nothing', () =>
    withCard({ names: ['gtp'] }, async (card) => {
      const [end] = await card.pass(0, gpdu('00050007'), 0);
      expect(end).toMatchObject({ learned: undefined, decision: { vid: 5, key: 0x00050007n } });
    }));

  it('goes on where the override table has no room left', () =>
    withCard({ configuration: 'ecp5-25', names: ['sctp'] }, async (card) => {
      for (let n = 1; n <= 700; n++) await card.pass(n, sctp(n * 7919), n);
      const { learned, withoutRoom } = card.learning;
      expect(learned + withoutRoom).toBe(700);
      expect(withoutRoom).toBeGreaterThan(0);
      const [known] = await card.pass(701, sctp(7919), 701);
      expect(known && reasonOf(known)).toBe('steer_active');
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
        for (const end of await card.pass(n, frame, n)) clocks.push(end.clocks);
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
      for (const [n, frame] of frames.entries()) ends.push(...(await card.pass(n, frame, n)));
      expect(ends.map((one) => [one.offered, reasonOf(one), one.decision.vid])).toEqual([
        [2, 'no_service', 0],
        [3, 'steer_active', 5],
        [0, 'steer_active', 5],
        [1, 'steer_active', 5],
      ]);
      expect(ends.map(({ clocks }) => clocks !== undefined)).toEqual([true, true, false, false]);
      expect(await card.finish()).toEqual([]);
    }));

  it('whose first does not come have their end when the capture goes on, or ends', () =>
    withCard({ names: ['gtp'] }, async (card) => {
      expect(await card.pass(0, fragment(32, 24), 0)).toEqual([]);
      expect(await card.pass(1, fragment(32, 24, 10), 400_000)).toEqual([]);
      // Frame 0 has waited for half a second.
      const ends = await card.pass(2, udp('192.0.2.9', 9, ''), 600_000);
      const told = [...ends, ...(await card.finish())].map((one) => [one.offered, reasonOf(one)]);
      expect(told.sort()).toEqual([
        [0, 'fragment_timeout'],
        [1, 'fragment_timeout'],
        [2, 'no_service'],
      ]);
    }));
});
