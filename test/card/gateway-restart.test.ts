import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { describeRestarts } from './gateway-restart-spec.ts';

describeRestarts('restarts of GTP nodes, through the RTL', simulatedGround);
