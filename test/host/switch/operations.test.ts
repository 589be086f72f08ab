import { beforeAll, vi } from 'vitest';
import { ensureBuilt } from '../../../sim/index.ts';
import { describeOperations } from './operations-spec.ts';
import { simulatedGround } from './simulated-ground.ts';
import { countOf, expectBalance } from './slot-health-spec.ts';

// Each test writes all tables of a card of its own; on a machine with other work that takes a while.
vi.setConfig({ testTimeout: 300_000 });
beforeAll(() => ensureBuilt({ configuration: 'sim' }));

describeOperations(
  'operations under traffic, through the RTL in lock-step',
  simulatedGround,
  async ({ card }, reason) => {
    const snapshot = await card.snapshot();
    expectBalance(snapshot);
    return countOf(snapshot, reason);
  },
);
