import { ReferenceTransport } from '../reference-card.ts';
import { COUNTER_SERVICES } from './counter-bench.ts';
import { describeFailover } from './failover-spec.ts';
import { referenceGround } from './reference-ground.ts';

describeFailover(
  'failover, over the reference card',
  () => referenceGround(new ReferenceTransport(COUNTER_SERVICES)),
  async ({ transport }, reason) => transport.ends()[reason] ?? 0,
  Array.from({ length: 30 }, (_, n) => n),
);
