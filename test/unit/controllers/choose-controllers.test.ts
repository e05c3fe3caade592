import { expect, test } from 'vitest';
import { chooseControllers, defaultControllers } from '../../../src/controllers/choose-controllers.ts';
import { controllerNames } from '../../../src/controllers/registry.ts';

const without = (...names: string[]): string[] => controllerNames.filter((name) => !names.includes(name));

test.each<[asked: readonly string[], chosen: readonly string[]]>([
  [defaultControllers, controllerNames],
  [[], []],
  [['job-controller'], ['job-controller']],
  [
    ['job-controller', 'replicaset-controller'],
    ['replicaset-controller', 'job-controller'],
  ],
  [['*', '-job-controller'], without('job-controller')],
  [['-job-controller', '*'], without('job-controller')],
  [['-job-controller', 'job-controller'], []],
  [['job-controller', '-job-controller'], ['job-controller']],
])('%j', (asked, chosen) => {
  expect(chooseControllers(asked)).toEqual(chosen);
});

test.each(['jobs', '-jobs', '', '-', '-*', '**'])('%j is refused, and told what there is', (selector) => {
  const complaint = chooseControllers(['*', selector]);
  expect(complaint).toContain(`not ${JSON.stringify(selector)}; there are replicaset-controller, `);
});
