import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { countOf } from '../host/switch/slot-health-spec.ts';
import { describeGatewayPath } from './gateway-path-spec.ts';

describeGatewayPath(
  'GTP: paths and versions through the RTL',
  simulatedGround,
  async ({ card }, reason) => countOf(await card.snapshot(), reason),
);
