import { ReferenceTransport } from '../reference-card.ts';
import { referenceGround } from './reference-ground.ts';
import { describeSlotHealth } from './slot-health-spec.ts';

describeSlotHealth(
  'slot health over the reference card',
  (services) => referenceGround(new ReferenceTransport(services)),
  async ({ transport }, reason) => transport.ends()[reason] ?? 0,
);
