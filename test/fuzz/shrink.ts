/** Makes a trial that fails as small as it gets: fewest steps, frames, rules and table entries. */
import type { CardState } from '../../host/steering/state.ts';
import type { Step, Trial } from './trial.ts';

/** Whether a trial still fails in the same way. */
export type Fails = (trial: Trial) => Promise<boolean>;

/** @param most trials at most. */
export async function shrink(trial: Trial, fails: Fails, most = 400): Promise<Trial> {
  let left = most;
  let best = trial;
  /** Takes a candidate over if it fails, too. */
  const attempt = async (candidate: Trial): Promise<boolean> => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let before = -1; size(best) !== before && left > 0; ) {
    before = size(best);
    await withoutParts(best.steps, async (steps) => attempt({ ...best, steps }));
    await shrinkFrames(() => best, attempt);
    await shrinkTables(() => best, attempt);
    for (const quieter of [{ gaps: 0 }, { pressure: 0 }, { cutThrough: [] }]) {
      if (differs(best, quieter)) await attempt({ ...best, ...quieter });
    }
  }
  return best;
}

function differs(trial: Trial, change: Partial<Trial>): boolean {
  return Object.entries(change).some(
    ([name, value]) => JSON.stringify(trial[name as keyof Trial]) !== JSON.stringify(value),
  );
}

function size({ steps, state, gaps, pressure }: Trial): number {
  const frames = steps.reduce((sum, step) => sum + weight(step), 0);
  const rules = state.rules.filter((rule) => rule !== undefined).length;
  const entries = state.rows.size + (state.overrides?.size ?? 0);
  return frames + rules + entries + (gaps > 0 ? 1 : 0) + (pressure > 0 ? 1 : 0);
}

function weight(step: Step): number {
  return step.kind === 'frames' ? 1 + step.frames.length + step.changes.length : 1;
}

/** Leaves out runs of items, half of them at once, then a quarter, then one by one. */
async function withoutParts<T>(
  items: readonly T[],
  attempt: (rest: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = items;
  for (let run = Math.ceil(kept.length / 2); run >= 1; run = Math.floor(run / 2)) {
    for (let at = 0; at < kept.length; ) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + run)];
      if (rest.length < kept.length && (await attempt(rest))) kept = rest;
      else at += run;
    }
  }
  return kept;
}

async function shrinkFrames(
  best: () => Trial,
  attempt: (candidate: Trial) => Promise<boolean>,
): Promise<void> {
  for (let i = 0; i < best().steps.length; i++) {
    const step = best().steps[i];
    if (step?.kind !== 'frames') continue;
    const replaced = (part: Partial<typeof step>) => {
      const { steps } = best();
      const present = steps[i];
      if (present?.kind !== 'frames') return best();
      return { ...best(), steps: steps.with(i, { ...present, ...part }) };
    };
    await withoutParts(step.frames, async (frames) => attempt(replaced({ frames })));
    await withoutParts(step.changes, async (changes) => attempt(replaced({ changes })));
  }
}

async function shrinkTables(
  best: () => Trial,
  attempt: (candidate: Trial) => Promise<boolean>,
): Promise<void> {
  const state = (part: Partial<CardState>): Trial => ({
    ...best(),
    state: { ...best().state, ...part },
  });
  const nothing: Partial<CardState>[] = [
    { mirror: undefined },
    { policers: [] },
    { health: [] },
    { badParity: { rows: new Set(), overrides: new Set(), typeSets: new Set() } },
    { overrides: new Map() },
    { rows: new Map() },
    { fragmentUs: 0 },
  ];
  for (const part of nothing) {
    const [name] = Object.keys(part) as [keyof CardState];
    if (!isEmpty(best().state[name])) await attempt(state(part));
  }
  for (const [index, rule] of best().state.rules.entries()) {
    const rules = best().state.rules.with(index, undefined);
    if (rule !== undefined) await attempt(state({ rules }));
  }
  await withoutParts([...best().state.rows], async (rows) =>
    attempt(state({ rows: new Map(rows) })),
  );
  await withoutParts([...(best().state.overrides ?? [])], async (entries) =>
    attempt(state({ overrides: new Map(entries) })),
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === 0) return true;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.values(value).every(isEmpty);
}
