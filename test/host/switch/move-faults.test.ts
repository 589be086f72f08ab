import { beforeAll, vi } from 'vitest';
import { ensureBuilt } from '../../../sim/index.ts';
import { describeMoveFaults } from './move-faults-spec.ts';
import { simulatedGround } from './simulated-ground.ts';

// Each test writes all tables of a card of its own; on a machine with other work that takes a while.
vi.setConfig({ testTimeout: 300_000 });
beforeAll(() => ensureBuilt({ configuration: 'sim' }));

describeMoveFaults(
  'moves with deaths in the middle, through the RTL in lock-step',
  simulatedGround,
  [1, 6, 11, 16],
  [
    { behind: 'asked', frames: 7, to: 'third', also: 'nobody' },
    { behind: 'handing over', frames: 1, to: 'backup', also: 'nobody' },
    { behind: 'handing over', frames: 2, to: 'third', also: 'new owner' },
    { behind: 'handing over', frames: 14, to: 'backup', also: 'nobody' },
  ],
);
