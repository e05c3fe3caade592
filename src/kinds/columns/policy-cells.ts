/** Cells of what rules over others: bindings, priorities, budgets. Models kubernetes pkg/printers/internalversion/printers.go. */
import type { TableCell } from '../../api/table.ts';
import type { PodDisruptionBudget } from '../poddisruptionbudget/types.ts';
import type { PriorityClass } from '../priorityclass/types.ts';
import type { Binding, Subject } from '../role/types.ts';

type Row = Readonly<Record<string, TableCell>>;

export function bindingCells({ roleRef, subjects = [] }: Binding): Row {
  const named = (kind: string, nameOf: (subject: Subject) => string): string =>
    subjects
      .filter((subject) => subject.kind === kind)
      .map(nameOf)
      .join(', ');
  return {
    Role: `${roleRef.kind}/${roleRef.name}`,
    Users: named('User', ({ name }) => name),
    Groups: named('Group', ({ name }) => name),
    ServiceAccounts: named('ServiceAccount', ({ name, namespace = '' }) =>
      namespace === '' ? name : `${namespace}/${name}`,
    ),
  };
}

export function priorityClassCells({ value, globalDefault = false, preemptionPolicy }: PriorityClass): Row {
  return { Value: value, 'Global-Default': globalDefault, PreemptionPolicy: preemptionPolicy ?? '' };
}

export function disruptionBudgetCells({ spec, status }: PodDisruptionBudget): Row {
  return {
    'Min Available': String(spec?.minAvailable ?? 'N/A'),
    'Max Unavailable': String(spec?.maxUnavailable ?? 'N/A'),
    'Allowed Disruptions': status?.disruptionsAllowed ?? 0,
  };
}
