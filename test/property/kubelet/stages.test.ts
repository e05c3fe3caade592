/** Whatever a stage and an object are, reading, choosing and rendering end with a value: bad input is a message, never a crash. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '../../../src/api/json.ts';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { goDuration, parseGoDuration } from '../../../src/kubelet/go-duration.ts';
import { chooseStage, delayOf } from '../../../src/kubelet/stages/choose-stage.ts';
import { parseQuery } from '../../../src/kubelet/stages/query.ts';
import { readStage } from '../../../src/kubelet/stages/read-stage.ts';

const word = fc.constantFrom(
  ...'. .a .b .["a"] [] [0] [-1] ? | // == != < and or not ( ) select(.a) any all length first keys has("a") "x" 1 true null tostring'.split(
    ' ',
  ),
);
const fieldNames = fc.constantFrom('a', 'b', 'metadata', 'labels', '__proto__');
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, 0, 1, 'x', ''),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fieldNames, tie('json'), { maxKeys: 3 }) as fc.Arbitrary<Json>,
  ),
}));

test('any expression is read or refused, and what is read finds something or nothing', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), json, (words, object) => {
      const parsed = parseQuery(words.join(' '));
      if (parsed.type === 'malformed') expect(parsed.message).not.toBe('');
      else expect(parsed.query.find(object) ?? []).toBeInstanceOf(Array);
    }),
    { numRuns: 2_000 },
  );
});

const specNames =
  'resourceRef selector weight weightFrom delay next steps kind matchLabels matchExpressions key operator values event message statusTemplate';
const { part } = fc.letrec<{ part: Json }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<Json>(null, true, 7, -1, 'In', 'Exists', '.a', '{{ . }}', 'Pod'),
    fc.array(tie('part'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...specNames.split(' ')), tie('part'), { maxKeys: 5 }) as fc.Arbitrary<Json>,
  ),
}));

test('any manifest is read or refused with its place', () => {
  fc.assert(
    fc.property(part, (spec) => {
      const manifest = { apiVersion: 'kwok.x-k8s.io/v1alpha1', kind: 'Stage', metadata: { name: 'a' }, spec };
      const read = readStage(manifest);
      expect(read.type === 'read' ? read.stage.name : read.message).not.toBe('');
    }),
    { numRuns: 2_000 },
  );
});

test('the stage that is chosen matches, and its delay lies between its bounds', () => {
  const metadata = fc.record({ labels: fc.dictionary(fieldNames, fc.constantFrom('x', 'y')) });
  const stage = fc.record({
    weight: fc.nat(5),
    selector: fc.record({ matchLabels: fc.dictionary(fieldNames, fc.constantFrom('x', 'y'), { maxKeys: 1 }) }),
    delay: fc.record({ durationMilliseconds: fc.nat(1_000), jitterDurationMilliseconds: fc.nat(1_000) }),
  });
  fc.assert(
    fc.property(fc.array(stage, { maxLength: 4 }), metadata, fc.nat(), (specs, own, seed) => {
      const stages = specs.map((spec, index) => {
        const resourceRef = { kind: 'Pod' };
        const read = readStage({
          apiVersion: 'kwok.x-k8s.io/v1alpha1',
          kind: 'Stage',
          metadata: { name: String(index) },
          spec: { resourceRef, ...spec },
        });
        if (read.type === 'malformed') throw new Error(read.message);
        return read.stage;
      });
      const object = { metadata: own } as unknown as KubeObject;
      const random = new Random(seed);
      const chosen = chooseStage(stages, object, random);
      const fits = specs.filter(({ selector: { matchLabels } }) =>
        Object.entries(matchLabels).every(
          ([name, value]) => Object.hasOwn(own.labels, name) && own.labels[name] === value,
        ),
      );
      expect(chosen === null).toBe(fits.length === 0);
      if (chosen === null) return;
      const spec = specs[Number(chosen.name)];
      expect(fits).toContain(spec);
      if (fits.some(({ weight }) => weight > 0)) expect(spec?.weight).toBeGreaterThan(0);
      const { durationMilliseconds = 0, jitterDurationMilliseconds = 0 } = spec?.delay ?? {};
      const delayMs = delayOf(chosen, object, 0 as WallMs, random);
      expect(delayMs).toBeGreaterThanOrEqual(Math.min(durationMilliseconds, jitterDurationMilliseconds));
      expect(delayMs).toBeLessThanOrEqual(Math.max(jitterDurationMilliseconds, 0));
    }),
  );
});

test('durations as Go prints them are read back', () => {
  fc.assert(
    fc.property(fc.nat(100_000_000), (durationMs) => {
      expect(parseGoDuration(goDuration(durationMs))).toBeCloseTo(durationMs, 3);
    }),
  );
});
