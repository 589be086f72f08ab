import { beforeAll, vi } from 'vitest';
import { ensureBuilt } from '../../sim/index.ts';
import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { describeGatewayDeath } from './gateway-death-spec.ts';

vi.setConfig({ testTimeout: 300_000 });
beforeAll(() => ensureBuilt({ configuration: 'sim' }));

// Each moment takes a card of its own. Among these a set-up (18, 42), an update (38) and a delete (34, 58) would be
// lost whose answer did not wait for the backup; all moments are tried over the reference card.
describeGatewayDeath(
  'death of a gateway at any moment, through the RTL',
  simulatedGround,
  [2, 18, 34, 38, 42, 58, 90],
);
