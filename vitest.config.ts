import { defineConfig } from 'vitest/config';

const fast = ['unit', 'script', 'paper', 'property', 'linearizability', 'tidy'];

export default defineConfig({
  test: {
    pool: 'forks',
    // Vitest leaves a core to itself, which would be half of a machine that has two.
    maxWorkers: '100%',
    reporters: ['default'],
    projects: [
      // What decides is pure and has no global state, so files can share a process: nothing is imported twice, and compiled code stays hot.
      {
        extends: true,
        test: {
          name: 'fast',
          include: fast.map((folder) => `test/${folder}/**/*.test.ts`),
          testTimeout: 30_000,
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'sim', include: ['test/sim/**/*.test.ts'], testTimeout: 240_000, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'threads',
          include: ['test/threads/**/*.test.ts', 'test/kubectl/**/*.test.ts'],
          globalSetup: ['test/threads/build-workers.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
