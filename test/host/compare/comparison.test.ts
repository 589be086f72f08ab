/** RTL, software router and reference on the same frames, learning as they go. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REASON, REASONS } from '../../../driver/index.ts';
import { Comparison } from '../../../host/compare/comparison.ts';
import { DecidingCard } from '../../../host/compare/deciding-card.ts';
import type { Decided, Engine, Offer } from '../../../host/compare/engine.ts';
import { ReferenceEngine } from '../../../host/compare/reference-engine.ts';
import { RouterEngine } from '../../../host/compare/router-engine.ts';
import { loadServices } from '../../../host/steering/service-file.ts';
import { Random } from '../../generators/random.ts';
import { Traffic } from '../../generators/traffic.ts';
import { sctp } from './frames.ts';

const FOLDER = new URL('../../../host/services/', import.meta.url).pathname;

describe.each([
  ['sim', ['sip', 'gtp', 'l2tp', 'vxlan', 'sctp']],
  ['ecp5-25', ['l2tp', 'vxlan', 'sctp']],
])('RTL, C++ and TypeScript, %s', (configuration, names) => {
  const services = loadServices(names.map((name) => `${FOLDER}${name}.yaml`));
  let card: DecidingCard<object>;
  let router: RouterEngine<object>;
  beforeAll(async () => {
    card = await DecidingCard.open({ configuration, services });
    router = await RouterEngine.open(configuration, services);
  });
  afterAll(() => card.close());

  it('decide alike, frame by frame and byte by byte', async () => {
    const all = new Comparison<object>([
      ['rtl', card],
      ['cpp', router],
      ['typescript', new ReferenceEngine(card.state)],
    ]);
    const random = new Random(11);
    const traffic = new Traffic(random, card.state, { fragmented: 60 });
    const tags = Array.from({ length: 40 }, () => random.word());
    const frames: Buffer[] = [];
    const reasons = new Set<string | undefined>();
    let ends = 0;
    let learned = 0;
    const check = (some: Awaited<ReturnType<typeof all.pass>>) => {
      for (const end of some) {
        expect(end.differences, end.frame.toString('hex')).toEqual([]);
        expect(end.ends.size).toBe(3);
        reasons.add(REASONS[end.decision.reason]?.name);
        ends++;
        if (end.learned !== undefined) learned++;
      }
    };
    while (frames.length < 1500) {
      const offers = Array.from({ length: random.between(1, 40) }, (): Offer<object> => {
        const frame = random.chance(20)
          ? sctp(random.pick(tags))
          : random.chance(20) && frames.length > 0
            ? random.pick(frames)
            : traffic.next().frame;
        frames.push(frame);
        return { offered: {}, frame, timeUs: frames.length * 5000 };
      });
      check(await all.pass(offers));
    }
    check(await all.finish());
    expect(ends).toBe(frames.length);
    expect(learned).toBeGreaterThan(30);
    for (const name of ['steer_active', 'punt_no_override', 'punt_setup', 'fragment_timeout']) {
      expect(reasons, name).toContain(name);
    }
  });
});

describe('a comparison', () => {
  const services = loadServices([`${FOLDER}sctp.yaml`]);
  const frame = sctp(0x1a2b3c4d);
  const offers = () => [0, 1].map((n) => ({ offered: { n }, frame, timeUs: n }));

  /** The software router, and another that says what `change` makes of its ends; `first` comes first. */
  async function against(
    change: (end: Decided<object>) => Decided<object> | undefined,
    first: 'good' | 'bad' = 'good',
  ) {
    const good = await RouterEngine.open<object>('sim', services);
    const other = await RouterEngine.open<object>('sim', services);
    const changed = (ends: readonly Decided<object>[]) =>
      ends.map(change).filter((end) => end !== undefined);
    const bad: Engine<object> = {
      state: other.state,
      pass: async (given) => changed(await other.pass(given)),
      finish: async () => changed(await other.finish()),
    };
    const both = [
      ['good', good],
      ['bad', bad],
    ] as const;
    return new Comparison<object>(first === 'good' ? both : both.toReversed());
  }

  it.each([
    ['reason', (end: Decided<object>) => withDecision(end, { reason: REASON.policed })],
    ['vid', (end: Decided<object>) => withDecision(end, { vid: 5 })],
    ['egress bytes', (end: Decided<object>) => ({ ...end, egress: Buffer.from('x') })],
    ['learned', (end: Decided<object>) => ({ ...end, learned: 7 })],
  ])('names %s where it differs', async (name, change) => {
    const ends = await (await against(change)).pass(offers());
    for (const end of ends) expect(end.differences).toContain(name);
    expect(ends).toHaveLength(2);
  });

  it('says that a frame has no end somewhere', async () => {
    const all = await against(() => undefined);
    expect(await all.pass(offers())).toEqual([]);
    await expect(all.finish()).rejects.toThrow('a frame has no end in bad');
  });

  it.each([
    ['bad', true],
    ['good', false],
  ] as const)(
    'tells a ring of the card that is full from a mismatch (%s first)',
    async (first, room) => {
      const full = (end: Decided<object>) => withDecision(end, { reason: REASON.fragment_full });
      const [end] = await (await against(full, first)).pass(offers());
      expect([end?.lackedRoom, end?.differences.includes('reason')]).toEqual([room, !room]);
    },
  );
});

function withDecision(end: Decided<object>, changed: Partial<Decided<object>['decision']>) {
  return { ...end, decision: { ...end.decision, ...changed } };
}
