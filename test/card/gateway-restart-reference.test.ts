import { ReferenceTransport } from '../host/reference-card.ts';
import { referenceGround } from '../host/switch/reference-ground.ts';
import { SERVICES } from './gateway-bench.ts';
import { describeRestarts } from './gateway-restart-spec.ts';

describeRestarts('restarts of GTP nodes, through the reference card', () =>
  referenceGround(new ReferenceTransport(SERVICES)),
);
