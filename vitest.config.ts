import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const fast = ['unit', 'script', 'paper', 'property', 'linearizability', 'tidy'];

/** Scenarios run for a minute or more, in files of a few lines: by size they would come last, and the other cores would wait for them. */
class ScenariosFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isScenario = ({ moduleId }: TestSpecification): boolean =>
      /\/sim\/(cluster|masters|store|workloads)[-\d]*\.test\.ts$/.test(moduleId);
    return [...sorted.filter(isScenario), ...sorted.filter((file) => !isScenario(file))];
  }
}

export default defineConfig({
  test: {
    pool: 'forks',
    sequence: { sequencer: ScenariosFirst },
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
        // Fifty seeds take two minutes of a core that others may want too.
        test: {
          name: 'sim',
          include: ['test/sim/**/*.test.ts'],
          globalSetup: ['test/build-workers.ts'],
          testTimeout: 1_200_000,
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'threads',
          include: ['test/threads/**/*.test.ts', 'test/kubectl/**/*.test.ts'],
          globalSetup: ['test/build-workers.ts'],
          // After the others, which leave no time: two clusters at once are load enough.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
