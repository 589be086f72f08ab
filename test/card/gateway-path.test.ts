import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { describeGatewayPath } from './gateway-path-spec.ts';

describeGatewayPath('GTP: paths and versions through the RTL', simulatedGround);
