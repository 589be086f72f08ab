/** A capture through RTL, software router and reference: what became of its frames, and where they differ. */
import { type CardSizes, REASONS } from '../../driver/index.ts';
import type { ReadOptions } from '../../sim/index.ts';
import { type Rule, ruleName, type Service } from '../steering/rule.ts';
import { type Compared, Comparison } from './comparison.ts';
import { quantilesOfCounts } from './cost/quantiles.ts';
import { decideCapture, type NumberedFrame } from './decide-capture.ts';
import { DecidingCard } from './deciding-card.ts';
import type { Decided } from './engine.ts';
import { reportOf } from './frame-report.ts';
import { postRoute, rtlWords } from './post-route.ts';
import { ReferenceEngine } from './reference-engine.ts';
import type { CompareReport, Mismatch, Reasoning, RtlResult } from './report/report.ts';
import { RouterEngine } from './router-engine.ts';
import { Tally } from './tally.ts';
import type { PresetVid } from './vid-file.ts';

export interface CompareOptions extends ReadOptions {
  readonly configuration: string;
  readonly services: readonly Service[];
  readonly presets?: (sizes: CardSizes) => readonly PresetVid[];
  /** Told of each frame. */
  readonly onFrame?: () => void;
}

/** What the frames came to, and the engines as they stand behind them: with all that was learned. */
export interface ComparedCapture
  extends Pick<
    CompareReport,
    'frames' | 'mismatches' | 'cut' | 'lackedRoom' | 'ends' | 'examples'
  > {
  readonly rtl: RtlResult;
  readonly router: RouterEngine<NumberedFrame>;
  readonly reference: ReferenceEngine<NumberedFrame>;
  /** The first frames, addressed to the card: for whoever measures what they cost. */
  readonly sample: readonly Buffer[];
}

/** Frames that do not end alike and are shown. */
const MOST_EXAMPLES = 10;
const MOST_SAMPLED = 2048;
/** An Ethernet header. */
const LEAST = 14;

/** Rejects as `decideCapture`, `DecidingCard.open` and `RouterEngine.open`. */
export async function compareCapture(
  path: string,
  { configuration, services, presets, onFrame, ...reading }: CompareOptions,
): Promise<ComparedCapture> {
  const card = await DecidingCard.open<NumberedFrame>({
    configuration,
    services,
    ...(presets === undefined ? {} : { presets }),
  });
  try {
    const { sizes } = card.card;
    const router = await RouterEngine.open<NumberedFrame>(configuration, services);
    const reference = new ReferenceEngine<NumberedFrame>(card.state);
    const given = presets?.(sizes) ?? [];
    await router.preset(given);
    await reference.preset(given);
    const all = new Comparison<NumberedFrame>([
      ['rtl', card],
      ['cpp', router],
      ['typescript', reference],
    ]);
    const tally = new Tally();
    const clocks = new Map<number, number>();
    const examples: Mismatch[] = [];
    const sample: Buffer[] = [];
    let mismatches = 0;
    let lackedRoom = 0;
    for await (const { report, end } of decideCapture(path, all, reading)) {
      tally.add(report);
      onFrame?.();
      if (end === undefined) continue;
      if (end.clocks !== undefined) clocks.set(end.clocks, (clocks.get(end.clocks) ?? 0) + 1);
      if (end.lackedRoom) lackedRoom++;
      const fits = end.frame.length >= LEAST && end.frame.length <= sizes.maxFrame;
      if (sample.length < MOST_SAMPLED && fits) sample.push(end.frame);
      if (end.differences.length === 0) continue;
      mismatches++;
      if (examples.length < MOST_EXAMPLES) examples.push(mismatchOf(end, card.state.rules));
    }
    const { frames: followed, clocks: apart } = card.backToBack;
    const clock = postRoute(configuration);
    return {
      frames: tally.frames,
      mismatches,
      cut: tally.cut,
      lackedRoom,
      ends: tally.byEnd(),
      examples,
      rtl: {
        what: rtlWords(clock),
        configuration,
        clock: clock ?? null,
        dataWidth: sizes.dataWidth,
        latencyClocks:
          clocks.size === 0
            ? null
            : { ...quantilesOfCounts(clocks), max: Math.max(...clocks.keys()) },
        clocksPerFrame: followed > 0 ? apart / followed : null,
      },
      router,
      reference,
      sample,
    };
  } finally {
    await card.close();
  }
}

function mismatchOf(
  { offered, frame, differences, ends }: Compared<NumberedFrame>,
  rules: readonly (Rule | undefined)[],
): Mismatch {
  return {
    frame: offered.number,
    differences,
    hex: frame.toString('hex'),
    engines: Object.fromEntries([...ends].map(([name, end]) => [name, reasoning(end, rules)])),
  };
}

function reasoning(end: Decided<NumberedFrame>, rules: readonly (Rule | undefined)[]): Reasoning {
  const { reason, key, vid, slot, learned } = reportOf(end.offered.number, end, rules);
  const rule = end.decision.rule_hit ? rules[end.decision.rule] : undefined;
  return {
    end: REASONS[end.decision.reason]?.end ?? 'unknown',
    reason,
    rule: rule === undefined ? null : ruleName(rule),
    key,
    vid,
    slot,
    learned: learned ?? null,
    egress: end.egress?.toString('hex') ?? null,
  };
}
