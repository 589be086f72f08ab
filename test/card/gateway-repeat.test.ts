import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { describeRepeatedSetups } from './gateway-repeat-spec.ts';

describeRepeatedSetups('set-ups whose gateway dies, through the RTL', simulatedGround);
