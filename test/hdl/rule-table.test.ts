import { beforeAll, describe, expect, test } from 'vitest';
import type { RuleEntry } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { packEntry, unpackEntry } from './harness/records.ts';
import { RuleTerms } from './harness/rule-terms.ts';
import { randomRule } from './harness/rules.ts';
import { Random } from './harness/streams.ts';

const CASES = [
  { name: 'serial', RULES: 16, TURNS: 8 },
  { name: 'few', RULES: 8, TURNS: 8 },
  { name: 'odd', RULES: 5, TURNS: 4 },
  { name: 'wide', RULES: 16, TURNS: 1 },
] as const;
let makers: Record<'rule_terms' | (typeof CASES)[number]['name'], Make>;
let terms: RuleTerms;
beforeAll(async () => {
  const table = (RULES: number, TURNS: number) => ({
    module: 'rule_table',
    parameters: { RULES, TURNS },
  });
  makers = await build('rule-table', {
    rule_terms: { module: 'rule_terms' },
    serial: table(16, 8),
    few: table(8, 8),
    odd: table(5, 4),
    wide: table(16, 1),
  });
  terms = new RuleTerms(makers.rule_terms());
});

type Rules = readonly (RuleEntry | undefined)[];

describe.each(CASES)('rule_table: $RULES rules in $TURNS turns', ({ name, RULES, TURNS }) => {
  const lanes = Math.ceil(RULES / TURNS);

  test('turns behind each start, and the rest of each rule as it was compared', () => {
    const random = new Random(151);
    const dut = makers[name]();
    /** The rules as they stood so many clocks ago. */
    let past: Rules[] = [[], [], []];
    let rules: Rules = Array<undefined>(RULES).fill(undefined);
    let started = -100;
    let written = -2;
    const seen = { old: 0, now: 0, turns: new Set<number>(), idle: 0 };
    for (let clock = 0; clock < 4000; clock++) {
      const start_i = clock - started >= TURNS && random.chance(clock < 2000 ? 95 : 30);
      if (start_i) started = clock;
      const write_i = clock - written >= 2 && random.chance(40);
      const index_i = random.below(RULES);
      const rule = randomRule(random);
      const valids = rules.reduce((bits, one, i) => bits | ((one?.valid ?? 0) << i), 0);
      dut.set({ start_i, write_i, index_i, data_i: packEntry('rule', rule), valids_i: valids });
      // What terms_o showed in the clock before is what was read in the one before that.
      const [now = [], , before = []] = [rules, ...past];
      const choose_i = random.below(RULES);
      const chosen = unpackEntry('rule', dut.set({ choose_i }).settle().big('chosen_o'));
      const wanted = before[choose_i];
      if (wanted) {
        expect(chosen).toEqual(wanted);
        seen[wanted === now[choose_i] ? 'now' : 'old']++;
      }
      if (write_i) {
        written = clock;
        rules = rules.with(index_i, rule);
      }
      past = [now, ...past.slice(0, 2)];
      dut.clock();
      // Two clocks behind the start, as the rules stood in the clock between.
      const turn = clock - started - 1;
      if (turn < 0 || turn >= TURNS) {
        if (turn >= TURNS) expect(dut.get('turn_o')).toBe(TURNS);
        seen.idle++;
        continue;
      }
      expect(dut.get('turn_o')).toBe(turn);
      seen.turns.add(turn);
      for (let lane = 0; lane < lanes; lane++) {
        const there = now[turn * lanes + lane];
        expect((dut.get('valid_o') >> lane) & 1).toBe(there?.valid ?? 0);
        if (!there) continue;
        const width = BigInt(dut.width('terms_o') / lanes);
        const shown = (dut.big('terms_o') >> (width * BigInt(lane))) & ((1n << width) - 1n);
        expect(shown).toBe(terms.of(there));
      }
    }
    expect(seen.turns.size).toBe(TURNS);
    expect(Math.min(seen.old, seen.now, seen.idle)).toBeGreaterThan(50);
  });
});
