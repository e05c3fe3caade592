/** Cells of what rules over others: bindings, priorities, budgets, quotas, claims. Models kubernetes pkg/printers/internalversion/printers.go. */
import type { AnyObject } from '../../api/object-meta.ts';
import type { TableCell } from '../../api/table.ts';
import type { ResourceList } from '../pod/types.ts';
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

interface ResourceQuota extends AnyObject {
  readonly status?: { readonly hard?: ResourceList; readonly used?: ResourceList };
}

export function quotaCells({ status }: ResourceQuota): Row {
  const { hard = {}, used = {} } = status ?? {};
  const texts = Object.keys(hard)
    .sort()
    .map((name) => [name.startsWith('limits'), `${name}: ${used[name] ?? '0'}/${hard[name]}`] as const);
  const joined = (isLimit: boolean): string =>
    texts.flatMap(([isOfLimits, text]) => (isOfLimits === isLimit ? text : [])).join(', ');
  return { Request: joined(false), Limit: joined(true) };
}

export function runtimeClassCells({ handler = '' }: AnyObject & { readonly handler?: string }): Row {
  return { Handler: handler };
}

interface ResourceClaim extends AnyObject {
  readonly status?: { readonly allocation?: object; readonly reservedFor?: readonly object[] };
}

export function resourceClaimCells({ metadata, status }: ResourceClaim): Row {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  const states = isDeleted ? ['deleted'] : [];
  if (status?.allocation !== undefined) {
    states.push('allocated');
    if ((status.reservedFor ?? []).length > 0) states.push('reserved');
  } else if (!isDeleted) states.push('pending');
  return { State: states.join(',') };
}

interface ResourceSlice extends AnyObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly driver?: string;
    readonly pool?: { readonly name?: string };
  };
}

export function resourceSliceCells({ spec }: ResourceSlice): Row {
  return { Node: spec?.nodeName ?? '', Driver: spec?.driver ?? '', Pool: spec?.pool?.name ?? '' };
}
