/** The bench over the reference card. */
import { ReferenceCard } from '../reference-card.ts';
import { type Ground, SERVICES } from './bench.ts';

export function referenceGround(card = new ReferenceCard(SERVICES)): Ground & {
  card: ReferenceCard;
} {
  return {
    card,
    feed: (port, frame) => card.arrive(port, frame),
    onPort: (port, handler) => card.attachPort(port, handler),
    async settle() {
      // Frames and promises alternate; quiet is when some turns of the loop brought no frame.
      for (let quiet = 0; quiet < 4; ) {
        const before = card.verdicts.length;
        await new Promise((resolve) => setImmediate(resolve));
        quiet = card.verdicts.length === before ? quiet + 1 : 0;
      }
    },
  };
}
