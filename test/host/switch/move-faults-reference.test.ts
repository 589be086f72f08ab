import { ReferenceTransport } from '../reference-card.ts';
import { COUNTER_SERVICES } from './counter-bench.ts';
import { describeMoveFaults, type SwitchDeath } from './move-faults-spec.ts';
import { referenceGround } from './reference-ground.ts';

const asked = [0, 10, 20, 30].map(
  (frames): SwitchDeath => ({ behind: 'asked', frames, to: 'third', also: 'nobody' }),
);
const handingOver = [0, 1, 2, 3, 4, 5, 6, 8, 10].flatMap((frames) =>
  (['backup', 'third'] as const).flatMap((to) =>
    (['nobody', 'old owner', 'new owner'] as const).map(
      (also): SwitchDeath => ({ behind: 'handing over', frames, to, also }),
    ),
  ),
);

describeMoveFaults(
  'moves with deaths in the middle, over the reference card',
  () => referenceGround(new ReferenceTransport(COUNTER_SERVICES)),
  Array.from({ length: 26 }, (_, n) => n),
  [...asked, ...handingOver],
);
