/** A watch from any revision, under any selector, turns the list at that revision into the list of now; pages make up one list. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Harness, type Tree } from '../../unit/apiserver/harness.ts';
import { carryOut, identity, listed, selectors, step } from './model.ts';

test('a watch from a revision is the replay of what has happened since, as the selector sees it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.array(step, { maxLength: 12 }), (before, after) => {
      const harness = new Harness();
      for (const each of before) carryOut(harness, each);
      const starts = selectors.map((selector) => ({ selector, list: listed(harness, selector) }));
      const half = after.length >> 1;
      for (const each of after.slice(0, half)) carryOut(harness, each);
      const watches = starts.map(({ selector, list }) => ({
        selector,
        list,
        watch: harness.watch(`core/v1/${selector.namespace}/configmaps`, {
          ...selector.parameters,
          resourceVersion: list.metadata.resourceVersion,
        }),
      }));
      for (const each of after.slice(half)) carryOut(harness, each);
      harness.settle();
      for (const { selector, list, watch } of watches) {
        const state = new Map<string, Tree>(list.items.map((item: Tree) => [identity(item), item]));
        let revision = Number(list.metadata.resourceVersion);
        for (const { type, object } of watch.events) {
          const key = identity(object);
          expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(revision);
          revision = Number(object.metadata.resourceVersion);
          expect(state.has(key)).toBe(type !== 'ADDED');
          expect(selector.selects(object)).toBe(true);
          if (type === 'DELETED') state.delete(key);
          else state.set(key, object);
        }
        const now = listed(harness, selector).items as Tree[];
        expect([...state.values()].sort(byIdentity)).toEqual([...now].sort(byIdentity));
      }
    }),
    { numRuns: 15, seed: 3 },
  );
});

test('pages of a list are that list at the revision of the first, whatever is written between them', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 6, maxLength: 14 }),
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(...selectors),
      (before, between, limit, selector) => {
        const harness = new Harness();
        for (const each of before) carryOut(harness, each);
        const whole = listed(harness, selector);
        const items: Tree[] = [];
        let next = '';
        let round = 0;
        do {
          const page = listed(harness, selector, { limit: String(limit), ...(next === '' ? {} : { continue: next }) });
          items.push(...page.items);
          expect(page.metadata.resourceVersion).toBe(whole.metadata.resourceVersion);
          if (page.metadata.remainingItemCount !== undefined) {
            expect(items.length + page.metadata.remainingItemCount).toBe(whole.items.length);
          }
          next = page.metadata.continue ?? '';
          const write = between[round];
          if (write !== undefined) carryOut(harness, write);
          round += 1;
        } while (next !== '');
        expect(items).toEqual(whole.items);
        const exact = { resourceVersion: whole.metadata.resourceVersion, resourceVersionMatch: 'Exact' };
        expect(listed(harness, selector, exact).items).toEqual(whole.items);
      },
    ),
    { numRuns: 25, seed: 5 },
  );
});

function byIdentity(left: Tree, right: Tree): number {
  return identity(left) < identity(right) ? -1 : 1;
}
