import { vi } from 'vitest';
import { ReferenceTransport } from '../host/reference-card.ts';
import { referenceGround } from '../host/switch/reference-ground.ts';
import { SERVICES } from './gateway-bench.ts';
import { describeGatewayDeath } from './gateway-death-spec.ts';

vi.setConfig({ testTimeout: 300_000 }); // a hundred moments, a card for each

/** Until a gateway outlives what its peers do. */
function* everyMoment(): Iterable<number> {
  for (let n = 0; ; n++) yield n;
}

describeGatewayDeath(
  'death of a gateway at any moment, over the reference card',
  () => referenceGround(new ReferenceTransport(SERVICES)),
  everyMoment(),
);
