/** How disruption budgets begin and change. Models kubernetes pkg/registry/policy/poddisruptionbudget and pkg/apis/policy/validation. */
import { type FieldError, invalid } from '../../api/field-error.ts';
import type { Mutable } from '../../api/json.ts';
import { validateLabelSelector } from '../../api/label-selector.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedAmount, checkedChoice, checkedCounts, checkedShare } from '../field-checks.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from './types.ts';

export const podDisruptionBudgetBehaviour: KindBehaviour<PodDisruptionBudget> = {
  hasGeneration: true,
  prepareForCreate(budget) {
    (budget as Mutable<PodDisruptionBudget>).status = {
      disruptionsAllowed: 0,
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
    };
  },
  validate: ({ spec }) => validateSpec(spec ?? {}),
  validateStatusUpdate: ({ status }) =>
    checkedCounts('status', status, ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods']),
};

function validateSpec(spec: PodDisruptionBudgetSpec): FieldError[] {
  const { minAvailable, maxUnavailable, selector } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    errors.push(...checkedAmount(`spec.${name}`, spec[name]));
    errors.push(...checkedShare(`spec.${name}`, spec[name]));
  }
  if (selector !== undefined) errors.push(...validateLabelSelector(selector, 'spec.selector'));
  const path = 'spec.unhealthyPodEvictionPolicy';
  return errors.concat(checkedChoice(path, spec.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget']));
}
