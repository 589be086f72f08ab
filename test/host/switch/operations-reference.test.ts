import { ReferenceTransport } from '../reference-card.ts';
import { COUNTER_SERVICES } from './counter-bench.ts';
import { describeOperations } from './operations-spec.ts';
import { referenceGround } from './reference-ground.ts';

describeOperations(
  'operations under traffic, over the reference card',
  () => referenceGround(new ReferenceTransport(COUNTER_SERVICES)),
  async ({ transport }, reason) => transport.ends()[reason] ?? 0,
);
