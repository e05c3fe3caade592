/** Tolerations of two sides together: every taint that either tolerates is tolerated, for as long, and nothing is said twice. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers, mergeTolerations } from '../../../src/kinds/pod/merge-tolerations.ts';
import type { Taint, Toleration } from '../../../src/kinds/pod/scheduling-types.ts';
import { tolerates } from '../../../src/kinds/pod/toleration.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;
const keys = ['a', 'b'];
const values = ['', '1', '2'];

const toleration = fc
  .record({
    key: fc.constantFrom('', ...keys),
    operator: fc.constantFrom('Exists' as const, 'Equal' as const, undefined),
    value: fc.constantFrom(...values),
    effect: fc.constantFrom(...effects, undefined),
    seconds: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  })
  .map(({ key, operator, value, effect, seconds }): Toleration => {
    const exists = key === '' || operator === 'Exists';
    return {
      ...(key === '' ? {} : { key }),
      ...(exists ? { operator: 'Exists' } : { ...(operator === undefined ? {} : { operator }), value }),
      ...(effect === undefined ? {} : { effect }),
      ...(effect === 'NoExecute' && seconds !== undefined ? { tolerationSeconds: seconds } : {}),
    };
  });
const list = fc.array(toleration, { maxLength: 4 });

const taints: readonly Taint[] = keys.flatMap((key) =>
  values.flatMap((value) => effects.map((effect): Taint => ({ key, value, effect }))),
);

function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some((each) => tolerates(each, taint));
}

test('what either side tolerates is tolerated, and nothing else', () => {
  fc.assert(
    fc.property(list, list, (first, second) => {
      const merged = mergeTolerations(first, second);
      for (const taint of taints) {
        expect(isTolerated(taint, merged)).toBe(isTolerated(taint, first) || isTolerated(taint, second));
      }
    }),
  );
});

test('each that is left was given, covers whatever went, and is covered by no other', () => {
  fc.assert(
    fc.property(list, list, (first, second) => {
      const all = [...first, ...second];
      const merged = mergeTolerations(first, second);
      for (const each of merged) expect(all).toContain(each);
      for (const each of all) expect(merged.some((other) => covers(other, each))).toBe(true);
      for (const [index, each] of merged.entries()) {
        expect(merged.slice(0, index).some((other) => covers(other, each))).toBe(false);
      }
    }),
  );
});

test.each<[string, Toleration[], Toleration[], Toleration[]]>([
  [
    'of two that are equal the first stays',
    [{ key: 'a', operator: 'Exists' }],
    [{ key: 'a', operator: 'Exists' }],
    [{ key: 'a', operator: 'Exists' }],
  ],
  [
    'one for every taint takes the place of others',
    [{ key: 'a', operator: 'Equal', value: '1', effect: 'NoSchedule' }],
    [{ operator: 'Exists' }],
    [{ operator: 'Exists' }],
  ],
  [
    'the longer of two times stays',
    [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
    [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 9 }],
    [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 9 }],
  ],
])('%s', (_title, first, second, want) => {
  expect(mergeTolerations(first, second)).toEqual(want);
});
