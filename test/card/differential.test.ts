/**
 * The RTL against the reference decision, as `npm run fuzz` does it (docs/fuzz.md): the same tables,
 * writes and frames into both, every end, byte, record, event and counter compared. Here a little
 * of it, and that it reaches every reason; the test step `fuzz` goes on from there.
 */
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../driver/index.ts';
import { runCampaign } from '../fuzz/campaign.ts';

const FRAMES = 15_000;
const SEED = 1_000_000;
/** A whole trial has or has not what these need, and here are five trials. */
const SELDOM: readonly string[] = ['punt_parity', 'disabled', 'queue_full', 'host_share'];

// The small card, too: there rows and slots can name what does not exist.
describe.each(['sim', 'sim-512', 'ecp5-25'])('RTL and reference, %s', (configuration) => {
  it('agree on every frame and counter, and meet every reason', { timeout: 300_000 }, async () => {
    const { found, reasons } = await runCampaign({ configuration, frames: FRAMES, seed: SEED });
    expect(found?.mismatch.message).toBeUndefined();
    const names = REASONS.flatMap((reason) => (reason === undefined ? [] : [reason.name]));
    expect(names.filter((name) => !reasons.get(name) && !SELDOM.includes(name))).toEqual([
      'rx_overflow',
    ]);
  });
});
