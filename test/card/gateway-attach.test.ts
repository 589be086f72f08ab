import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { describeAttachAnew } from './gateway-attach-spec.ts';

describeAttachAnew('users who come anew, through the RTL', simulatedGround);
