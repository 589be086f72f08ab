import { beforeAll, expect, vi } from 'vitest';
import { ensureBuilt } from '../../../sim/index.ts';
import { simulatedGround } from './simulated-ground.ts';
import { countOf, describeSlotHealth, expectBalance } from './slot-health-spec.ts';

// Each test writes all tables of a card of its own; on a machine with other work that takes a while.
vi.setConfig({ testTimeout: 120_000 });
beforeAll(() => ensureBuilt({ configuration: 'sim' }));

describeSlotHealth(
  'slot health through the RTL',
  simulatedGround,
  async ({ card }, reason) => {
    const snapshot = await card.snapshot();
    expectBalance(snapshot);
    expect(snapshot.held).toBe(0);
    return countOf(snapshot, reason);
  },
  false,
);
