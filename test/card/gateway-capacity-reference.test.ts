import { ReferenceTransport } from '../host/reference-card.ts';
import { referenceGround } from '../host/switch/reference-ground.ts';
import { SERVICES } from './gateway-bench.ts';
import { describeGatewayCapacity } from './gateway-capacity-spec.ts';

describeGatewayCapacity('capacity and death, over the reference card', () =>
  referenceGround(new ReferenceTransport(SERVICES)),
);
