/** How nodes begin and change. Models kubernetes pkg/registry/core/node/strategy.go. */
import { at, child, duplicate, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import { equalSemantic, setDefault } from '../../api/json.ts';
import { checkLabelValue, checkQualifiedName, checkRange } from '../../api/names.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedName } from '../field-checks.ts';
import type { Node } from './types.ts';

export const nodeBehaviour: KindBehaviour<Node> = {
  // A kubelet registers its node with addresses and capacity in one request.
  keepsStatusOnCreate: true,
  fieldLabels: ['spec.unschedulable'],
  selectableFields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
  setDefaults({ spec }) {
    if (spec === undefined) return;
    if (spec.podCIDR !== undefined) setDefault(spec, 'podCIDRs', [spec.podCIDR]);
    else if (spec.podCIDRs?.[0] !== undefined) setDefault(spec, 'podCIDR', spec.podCIDRs[0]);
  },
  validate: validateNode,
  validateUpdate: (next, old) => [
    ...validateOnceSet(next, old, 'podCIDRs', 'podCIDR'),
    ...validateOnceSet(next, old, 'providerID', 'providerID'),
  ],
};

/** Who fills it in does so once. */
function validateOnceSet({ spec }: Node, old: Node, field: 'podCIDRs' | 'providerID', name: string): FieldError[] {
  const former = old.spec?.[field];
  if (former === undefined || equalSemantic(spec?.[field], former)) return [];
  const detail = `node updates may not change ${name} except from "" to valid`;
  return [forbiddenField(`spec.${field}`, detail)];
}

function validateNode({ spec }: Node): FieldError[] {
  const errors: FieldError[] = [];
  const known = new Set<string>();
  for (const [index, taint] of (spec?.taints ?? []).entries()) {
    const path = at('spec.taints', index);
    errors.push(...checkedName(child(path, 'key'), taint.key ?? '', checkQualifiedName));
    const complaints = checkLabelValue(taint.value ?? '');
    if (complaints.length > 0) errors.push(invalid(child(path, 'value'), taint.value, complaints.join(';')));
    if (!taint.effect) errors.push(required(child(path, 'effect')));
    errors.push(...checkedChoice(child(path, 'effect'), taint.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']));
    const identity = `${taint.key}:${taint.effect}`;
    if (known.has(identity)) errors.push(duplicate(path, taint, 'taints must be unique by key and effect pair'));
    known.add(identity);
  }
  for (const [index, range] of (spec?.podCIDRs ?? []).entries()) {
    errors.push(...checkedName(at('spec.podCIDRs', index), range, checkRange));
  }
  return errors;
}
