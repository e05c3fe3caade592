/** How autoscalers begin and change. Models kubernetes pkg/registry/autoscaling/horizontalpodautoscaler and pkg/apis/autoscaling/v2/defaults.go. */
import { type Mutable, setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedCounts } from '../field-checks.ts';
import type { HorizontalPodAutoscaler, ScalingRules } from './types.ts';
import { validateAutoscaler } from './validate.ts';

const defaultUtilization = 80;
const defaultPeriodSeconds = 15;
const hundredPercent = { type: 'Percent', value: 100, periodSeconds: defaultPeriodSeconds };

export const horizontalPodAutoscalerBehaviour: KindBehaviour<HorizontalPodAutoscaler> = {
  setDefaults({ spec, apiVersion }) {
    if (spec === undefined) return;
    setDefault(spec, 'minReplicas', 1);
    // Version 1 has no place for the rest; it is filled in when the object is stored.
    if (apiVersion === 'autoscaling/v1') return;
    if ((spec.metrics ?? []).length === 0) {
      const target = { type: 'Utilization', averageUtilization: defaultUtilization };
      (spec as Mutable<typeof spec>).metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
    }
    const { behavior } = spec;
    if (behavior === undefined) return;
    setDefault(behavior, 'scaleUp', {});
    setDefault(behavior, 'scaleDown', {});
    setRules(
      behavior.scaleUp ?? {},
      [{ type: 'Pods', value: 4, periodSeconds: defaultPeriodSeconds }, hundredPercent],
      0,
    );
    setRules(behavior.scaleDown ?? {}, [hundredPercent], undefined);
  },
  prepareForCreate(autoscaler) {
    (autoscaler as Mutable<HorizontalPodAutoscaler>).status = { desiredReplicas: 0, currentMetrics: null };
  },
  validate: ({ spec }) => validateAutoscaler(spec),
  validateStatusUpdate: ({ status }) => checkedCounts('status', status, ['currentReplicas', 'desiredReplicas']),
};

function setRules(
  rules: ScalingRules,
  policies: NonNullable<ScalingRules['policies']>,
  windowSeconds: number | undefined,
): void {
  setDefault(rules, 'selectPolicy', 'Max');
  setDefault(rules, 'policies', policies);
  if (windowSeconds !== undefined) setDefault(rules, 'stabilizationWindowSeconds', windowSeconds);
}
