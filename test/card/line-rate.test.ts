/** Shortest frames, back to back, whatever becomes of them: the pipeline never waits (H1, H4). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CardBed, expectReason, WIDTHS } from '../../bench/card-bed.ts';
import { distances } from '../../bench/clocks.ts';
import { KINDS, SHORTEST } from '../../bench/frames.ts';

const FRAMES = 300;

describe.each(WIDTHS)('%s', (configuration) => {
  let bed: CardBed;
  let beats: number;
  beforeAll(async () => {
    bed = await CardBed.open({ configuration, observe: true });
    await bed.attachMemory();
    beats = Math.ceil(SHORTEST / (bed.card.sizes.dataWidth / 8));
  });
  afterAll(() => bed.close());

  test.each(KINDS.map((kind) => ({ ...kind })))(
    '$name: one decision a frame time',
    async (kind) => {
      const frames = Array.from({ length: FRAMES }, (_, n) => kind.frame(n));
      const seen = await bed.pass(new Map([[kind.port, frames]]));
      expectReason(seen, kind.reason);
      expect(distances(seen)).toMatchObject({ shortest: beats, longest: beats });
    },
  );

  test('all kinds from two ports at once, while the host reads and writes tables', async () => {
    const feeds = new Map<number, Buffer[]>();
    for (let n = 0; n < FRAMES; n++) {
      for (const { port, frame } of KINDS) {
        feeds.set(port, [...(feeds.get(port) ?? []), frame(n)]);
      }
    }
    const last = bed.card.sizes.vids - 1;
    const seen = await bed.pass(feeds, async () => {
      for (let n = 0; n < 40; n++) {
        bed.tables.set('vid_row', last - n, {
          active: n % 8,
          backup: 1,
          backup_in_sync: 1,
          valid: 1,
        });
      }
      await bed.tables.write();
      await bed.card.readTable('override', 0, 16);
      await bed.card.snapshot();
    });
    expect(distances(seen)).toMatchObject({ shortest: beats, longest: beats });
  });
});
