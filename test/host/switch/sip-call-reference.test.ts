import { referenceGround } from './reference-ground.ts';
import { describeSipCalls } from './sip-call-spec.ts';

describeSipCalls('SIP over the reference card', async () => referenceGround());
