import { describe, expect, it } from 'vitest';
import { REASONS } from '../../../driver/generated/registers.ts';
import { type Ended, ReferenceCard } from '../../../host/steering/reference-card.ts';
import { Random } from '../../generators/random.ts';
import { SIZES } from '../../generators/sizes.ts';
import { randomState } from '../../generators/state.ts';
import { Traffic } from '../../generators/traffic.ts';

/** Ends of 300 frames between which time goes on. */
function run(seed: number): Ended[] {
  const random = new Random(seed);
  const state = randomState(random, SIZES);
  const card = new ReferenceCard(state, 0, { frames: 4, bytes: 4096 });
  const traffic = new Traffic(random, state);
  const ends: Ended[] = [];
  for (let n = 0; n < 300; n++) {
    const { frame, arrival } = traffic.next();
    ends.push(...card.arrive(frame, arrival));
    if (n % 60 === 59) ends.push(...card.advance(n * 20));
  }
  return ends;
}

describe('the generators', () => {
  it('reach every reason that frames, tables and time can give', () => {
    const seen = new Map<string, number>();
    const features = { fragment: 0, quoted: 0, override_hit: 0, copies: 0 };
    for (let seed = 0; seed < 120; seed++) {
      for (const { verdict, copy } of run(seed)) {
        seen.set(verdict.reason, (seen.get(verdict.reason) ?? 0) + 1);
        features.fragment += verdict.decision.fragment;
        features.quoted += verdict.decision.quoted;
        features.override_hit += verdict.decision.override_hit;
        features.copies += copy === undefined ? 0 : 1;
      }
    }
    const outside = ['rx_overflow', 'rx_underrun', 'queue_full', 'host_share'];
    const missing = REASONS.flatMap((reason) => (reason === undefined ? [] : [reason.name])).filter(
      (name) => !seen.has(name) && !outside.includes(name),
    );
    expect(missing).toEqual([]);
    for (const [name, count] of Object.entries(features)) {
      expect(count, name).toBeGreaterThan(100);
    }
  });

  it('give the same again', () => {
    expect(run(5)).toEqual(run(5));
  });
});
