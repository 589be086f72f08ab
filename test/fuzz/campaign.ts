/** Trials without end: what is run, told, and made small where it fails. */
import { isDeepStrictEqual } from 'node:util';
import {
  Card,
  checkAccounting,
  REASONS,
  REGISTERS,
  SimulationTransport,
} from '../../driver/index.ts';
import { NO_ROW, rowEntry, writeEntry } from '../card/tables.ts';
import { Tally } from '../card/tally.ts';
import { FuzzedCard, type OpenSimulation } from './card.ts';
import { Mismatch, show } from './mismatch.ts';
import { Runner } from './run.ts';
import { shrink } from './shrink.ts';
import { randomTrial, type Trial } from './trial.ts';

export interface CampaignOptions {
  readonly configuration: string;
  readonly frames: number;
  readonly seed: number;
  /** Make the trial small where it fails. */
  readonly small?: boolean;
  /** In place of the RTL alone; such a trial is not made small. */
  readonly open?: OpenSimulation;
  /** Told now and then, and at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Told before the trial is made small, which takes minutes. */
  readonly onMismatch?: (seed: number, mismatch: Mismatch) => void;
}

export interface Progress {
  readonly frames: number;
  readonly trials: number;
  readonly seconds: number;
}

export interface Found {
  readonly mismatch: Mismatch;
  readonly seed: number;
  /** As small as it got; as it was where it does not fail on a fresh card, or was not made small. */
  readonly trial: Trial;
  /** False where a fresh card was seen to agree. */
  readonly fresh: boolean;
}

export interface CampaignResult extends Progress {
  readonly found: Found | undefined;
  /** Frames by the name of their reason. */
  readonly reasons: ReadonlyMap<string, bigint>;
}

/** Frames of a trial: so many that loading its tables is little beside them. */
const TRIAL_FRAMES = 3000;
/** Microseconds from one trial to the next: what the card remembers of the last is too old by then. */
const APART_US = 10_000_000;
const FIRST_US = 1_000_000;
const PROGRESS_SECONDS = 10;

/** Runs until a trial fails or all frames are through. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { configuration, frames: wanted, seed: first, open } = options;
  const { small = open === undefined, onProgress, onMismatch } = options;
  const begin = performance.now();
  const card = await openCleared(configuration, open);
  const runner = new Runner(card);
  const tally = new Tally(card.sizes);
  let progress: Progress = { frames: 0, trials: 0, seconds: 0 };
  let told = begin;
  let found: Found | undefined;
  try {
    while (progress.frames < wanted && found === undefined) {
      const seed = first + progress.trials;
      const frames = Math.min(TRIAL_FRAMES, wanted - progress.frames);
      const startUs = Math.max(FIRST_US, card.timeUs + APART_US);
      const trial = randomTrial(configuration, card.sizes, seed, { frames, startUs });
      const mismatch = await runner.run(trial, tally);
      const seconds = (performance.now() - begin) / 1000;
      progress = { frames: progress.frames + frames, trials: progress.trials + 1, seconds };
      if (mismatch !== undefined) {
        onMismatch?.(seed, mismatch);
        found = small
          ? await makeSmall(trial, seed, mismatch)
          : { mismatch, seed, trial, fresh: true };
      } else if (performance.now() - told > PROGRESS_SECONDS * 1000) {
        told = performance.now();
        onProgress?.(progress);
      }
    }
    if (found === undefined) await checkCounters(card, tally);
  } finally {
    await card.close();
  }
  onProgress?.(progress);
  return { ...progress, found, reasons: byReason(tally) };
}

/** A card whose tables hold nothing. */
async function openCleared(configuration: string, open?: OpenSimulation): Promise<FuzzedCard> {
  const card = await FuzzedCard.open(configuration, 1, open);
  for (let first = 0; first < card.sizes.vids; first += 4096) {
    const count = Math.min(4096, card.sizes.vids - first);
    await card.access(
      Array.from({ length: count }, (_, i) =>
        writeEntry('vid_row', first + i, rowEntry(NO_ROW)),
      ).flat(),
    );
  }
  await card.access([{ address: REGISTERS.control.overrides_clear, write: 1 }]);
  return card;
}

/** What a fresh card makes of a trial; undefined where it agrees. */
export async function replay(trial: Trial): Promise<Mismatch | undefined> {
  const card = await openCleared(trial.configuration);
  try {
    return await new Runner(card).run(trial);
  } finally {
    await card.close();
  }
}

async function makeSmall(trial: Trial, seed: number, mismatch: Mismatch): Promise<Found> {
  if ((await replay(trial)) === undefined) return { mismatch, seed, trial, fresh: false };
  let card = await openCleared(trial.configuration);
  let runner = new Runner(card);
  const fails = async (candidate: Trial): Promise<boolean> => {
    const startUs = card.timeUs + APART_US;
    const failed = (await runner.run({ ...candidate, startUs })) !== undefined;
    // A card that has failed may remember anything.
    if (failed) {
      await card.close();
      card = await openCleared(trial.configuration);
      runner = new Runner(card);
    }
    return failed;
  };
  try {
    const small = await shrink(trial, fails);
    const again = await replay(small);
    return again === undefined
      ? { mismatch, seed, trial, fresh: true }
      : { mismatch: again, seed, trial: small, fresh: true };
  } finally {
    await card.close();
  }
}

/** All counters of the card are what the reference's verdicts add up to. */
async function checkCounters(card: FuzzedCard, tally: Tally): Promise<void> {
  const attached = await Card.attach(new SimulationTransport(card.simulation));
  const { number: _, latency, mirrored, ...counted } = await attached.snapshot();
  const { mirrored: copies, ...wanted } = tally.snapshot();
  const measured = latency.reduce((sum, frames) => sum + frames, 0n);
  if (measured === 0n) throw new Mismatch('the latency of no frame was measured', '');
  const { faults } = checkAccounting({ number: 0, latency, mirrored, ...counted });
  if (faults.length > 0) throw new Mismatch('the accounting', faults.join('\n'));
  for (const name of Object.keys(wanted) as (keyof typeof wanted)[]) {
    if (isDeepStrictEqual(counted[name], wanted[name])) continue;
    const both = `card ${show(counted[name])}\nreference ${show(wanted[name])}`;
    throw new Mismatch(`the counters of ${name}`, both);
  }
  if (!isDeepStrictEqual(mirrored.copied, copies.copied)) {
    const both = `card ${show(mirrored.copied)}, reference ${show(copies.copied)}`;
    throw new Mismatch('the counters of copies', both);
  }
}

function byReason(tally: Tally): Map<string, bigint> {
  const reasons = new Map<string, bigint>();
  for (const reason of REASONS) if (reason !== undefined) reasons.set(reason.name, 0n);
  for (const { reason, packets } of tally.snapshot().ends) {
    reasons.set(reason, (reasons.get(reason) ?? 0n) + packets);
  }
  return reasons;
}
