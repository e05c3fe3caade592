/** How quotas begin, and what they may name. Models kubernetes pkg/registry/core/resourcequota and pkg/apis/core/validation. */
import { at, type FieldError, invalid } from '../../api/field-error.ts';
import { checkQualifiedName } from '../../api/names.ts';
import { parseQuantity } from '../../api/quantity.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedImmutable, checkedName, negativeComplaint } from '../field-checks.ts';
import type { ResourceQuota, ScopeRequirement } from './types.ts';

const scopes = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
];
const operators = ['DoesNotExist', 'Exists', 'In', 'NotIn'];

export const resourceQuotaBehaviour: KindBehaviour<ResourceQuota> = {
  validate: ({ spec = {} }) => [
    ...validateAmounts(spec.hard, 'spec.hard'),
    ...(spec.scopes ?? []).flatMap((scope, index) => checkedChoice(at('spec.scopes', index), scope, scopes)),
    ...(spec.scopeSelector?.matchExpressions ?? []).flatMap((requirement, index) =>
      validateRequirement(requirement, at('spec.scopeSelector.matchExpressions', index)),
    ),
  ],
  validateUpdate: ({ spec }, old) => checkedImmutable('spec.scopes', spec?.scopes, old.spec?.scopes),
  validateStatusUpdate: ({ status = {} }) => [
    ...validateAmounts(status.hard, 'status.hard'),
    ...validateAmounts(status.used, 'status.used'),
  ],
};

function validateAmounts(amounts: Readonly<Record<string, string>> = {}, path: string): FieldError[] {
  return Object.entries(amounts).flatMap(([name, text]) => {
    const errors = checkedName(at(path, name), name, checkQualifiedName);
    if ((parseQuantity(text)?.nanos ?? 0n) < 0n) errors.push(invalid(at(path, name), text, negativeComplaint));
    return errors;
  });
}

function validateRequirement({ scopeName, operator, values = [] }: ScopeRequirement, path: string): FieldError[] {
  const errors = [
    ...checkedChoice(`${path}.scopeName`, scopeName, scopes),
    ...checkedChoice(`${path}.operator`, operator, operators),
  ];
  const wantsValues = operator === 'In' || operator === 'NotIn';
  if (wantsValues && values.length === 0) {
    errors.push(
      invalid(
        `${path}.values`,
        values,
        "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      ),
    );
  }
  return errors;
}
