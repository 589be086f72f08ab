import { ReferenceTransport } from '../host/reference-card.ts';
import { referenceGround } from '../host/switch/reference-ground.ts';
import { SERVICES } from './gateway-bench.ts';
import { describeGateway } from './gateway-spec.ts';

describeGateway('GTP through the reference card', () =>
  referenceGround(new ReferenceTransport(SERVICES)),
);
