import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Files that make network namespaces, start SIPp or measure a real program end in `.net.test.ts`,
 * or lie in test/demo. They run one after the other when all others are done: two demos at once on
 * two cores would make SIPp's timers expire and look like failures of the card.
 */
const network = ['test/**/*.net.test.ts', 'test/demo/**/*.test.ts'];

const common = {
  root,
  environment: 'node',
  testTimeout: 120_000, // only what hangs fails by it, on the slowest machine
  hookTimeout: 300_000, // the first user of the simulation builds it
  teardownTimeout: 20_000,
  pool: 'forks', // the simulation's addon is not for several workers of one process
} as const;

export default defineConfig({
  root,
  cacheDir: fileURLToPath(new URL('../build/.vite', import.meta.url)),
  test: {
    reporters: ['default', ['json', { outputFile: 'test/.results/vitest.json' }]],
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: network,
          maxWorkers: Math.min(2, availableParallelism()),
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'network',
          include: network,
          testTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
