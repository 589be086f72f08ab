import { beforeAll, vi } from 'vitest';
import { ensureBuilt } from '../../../sim/index.ts';
import { simulatedGround } from './simulated-ground.ts';
import { describeSwitchDeath } from './switch-death-spec.ts';

// Each moment writes all tables of a card of its own; on a machine with other work that takes a while.
vi.setConfig({ testTimeout: 300_000 });
beforeAll(() => ensureBuilt({ configuration: 'sim' }));

describeSwitchDeath(
  'the death of the switch processor, through the RTL in lock-step',
  simulatedGround,
  [0, 5, 9],
);
