/** How nodes begin and change. Models kubernetes pkg/registry/core/node/strategy.go. */
import { at, child, duplicate, type FieldError, required } from '../../api/field-error.ts';
import { checkQualifiedName } from '../../api/names.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedImmutable, checkedName } from '../field-checks.ts';
import type { Node } from './types.ts';

export const nodeBehaviour: KindBehaviour<Node> = {
  // A kubelet registers its node with addresses and capacity in one request.
  keepsStatusOnCreate: true,
  fieldLabels: ['spec.unschedulable'],
  selectableFields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
  validate: validateTaints,
  validateUpdate: (next, old) => [
    ...(old.spec?.podCIDR === undefined ? [] : checkedImmutable('spec.podCIDR', next.spec?.podCIDR, old.spec.podCIDR)),
    ...(old.spec?.providerID === undefined
      ? []
      : checkedImmutable('spec.providerID', next.spec?.providerID, old.spec.providerID)),
  ],
};

function validateTaints({ spec }: Node): FieldError[] {
  const errors: FieldError[] = [];
  const known = new Set<string>();
  for (const [index, taint] of (spec?.taints ?? []).entries()) {
    const path = at('spec.taints', index);
    errors.push(...checkedName(child(path, 'key'), taint.key ?? '', checkQualifiedName));
    if (!taint.effect) errors.push(required(child(path, 'effect')));
    errors.push(...checkedChoice(child(path, 'effect'), taint.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']));
    const identity = `${taint.key}:${taint.effect}`;
    if (known.has(identity)) errors.push(duplicate(path, taint));
    known.add(identity);
  }
  return errors;
}
