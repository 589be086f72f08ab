import { ReferenceTransport } from '../reference-card.ts';
import { COUNTER_SERVICES } from './counter-bench.ts';
import { referenceGround } from './reference-ground.ts';
import { describeSwitchDeath } from './switch-death-spec.ts';

describeSwitchDeath(
  'the death of the switch processor, over the reference card',
  () => referenceGround(new ReferenceTransport(COUNTER_SERVICES)),
  Array.from({ length: 30 }, (_, n) => n),
);
