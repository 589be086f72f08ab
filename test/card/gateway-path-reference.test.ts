import { ReferenceTransport } from '../host/reference-card.ts';
import { referenceGround } from '../host/switch/reference-ground.ts';
import { SERVICES } from './gateway-bench.ts';
import { describeGatewayPath } from './gateway-path-spec.ts';

describeGatewayPath(
  'GTP: paths and versions through the reference card',
  () => referenceGround(new ReferenceTransport(SERVICES)),
  async ({ transport }, reason) => transport.ends()[reason] ?? 0,
);
