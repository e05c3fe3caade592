/** Autoscalers as clients write them: what is filled in, and what is refused. */
import { expect, test } from 'vitest';
import { formatFieldErrors } from '../../../src/api/field-error.ts';
import { horizontalPodAutoscalerBehaviour as behaviour } from '../../../src/kinds/horizontalpodautoscaler/strategy.ts';
import type { HorizontalPodAutoscaler } from '../../../src/kinds/horizontalpodautoscaler/types.ts';

const autoscaler = (spec: object): HorizontalPodAutoscaler =>
  ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }, maxReplicas: 5, ...spec },
  }) as HorizontalPodAutoscaler;

test('the least, the metric and the rules of a behaviour are filled in', () => {
  const object = autoscaler({ behavior: { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 5 }] } } });
  behaviour.setDefaults?.(object);
  expect(object.spec).toMatchObject({
    minReplicas: 1,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }],
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [{ type: 'Pods' }, { type: 'Percent' }],
      },
      scaleDown: { selectPolicy: 'Max', policies: [{ value: 1 }] },
    },
  });
  expect(object.spec.behavior?.scaleDown).not.toHaveProperty('stabilizationWindowSeconds');
});

test.each<[string, object, string]>([
  ['no most', { maxReplicas: 0 }, 'spec.maxReplicas: Invalid value: 0: must be greater than 0'],
  ['more least than most', { minReplicas: 9 }, 'must be greater than or equal to `minReplicas`'],
  ['no target', { scaleTargetRef: { kind: '', name: '' } }, 'spec.scaleTargetRef.kind: Required value'],
  ['zero without a metric for it', { minReplicas: 0 }, 'spec.minReplicas: Invalid value: 0'],
  ['no source', { metrics: [{ type: 'Pods' }] }, 'spec.metrics[0].pods: Required value'],
  ['an unknown type', { metrics: [{ type: 'Guess' }] }, 'spec.metrics[0].type: Unsupported value: "Guess"'],
  [
    'two targets',
    {
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5, averageValue: '1' } },
        },
      ],
    },
    'may not set both a target',
  ],
  ['a rule without policies', { behavior: { scaleUp: { policies: [] } } }, 'must specify at least one Policy'],
  [
    'a period too long',
    { behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 3_600 }] } } },
    'must be less than or equal to 1800',
  ],
])('%s is refused', (_name, spec, complaint) => {
  expect(formatFieldErrors(behaviour.validate?.(autoscaler(spec)) ?? [])).toContain(complaint);
});

test('a sound one passes', () => {
  const object = autoscaler({});
  behaviour.setDefaults?.(object);
  expect(behaviour.validate?.(object)).toEqual([]);
});
