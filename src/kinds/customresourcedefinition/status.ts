/**
 * What a definition's status says: which names it got, whether it is served. A name is taken by whoever of the same group has it in its
 * accepted names; once established, a definition stays so. Pure and deterministic, so that whoever writes the status writes the same.
 * Models apiextensions-apiserver pkg/controller/status/naming_controller.go and pkg/controller/establish.
 */
import { equalSemantic } from '../../api/json.ts';
import { nameOf } from '../../api/object-meta.ts';
import { type Condition, isConditionTrue, withCondition } from '../condition.ts';
import type { CustomResourceDefinition, DefinitionNames, DefinitionStatus } from './types.ts';

interface Conflict {
  readonly reason: string;
  readonly message: string;
}

/** Returns the status that follows from the definition and all others; the very status that it has when nothing is to change. */
export function decidedStatus(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  timestamp: string,
): DefinitionStatus {
  const { status = {} } = definition;
  const { names, conflicts } = acceptedNames(definition, others);
  const isAccepted = conflicts.length === 0;
  const accepted: Condition = isAccepted
    ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
    : { type: 'NamesAccepted', status: 'False', ...lastOf(conflicts) };
  let conditions = withCondition(status.conditions, { ...accepted, lastTransitionTime: timestamp });
  if (!isConditionTrue(conditions, 'Established')) {
    const established: Condition = isAccepted
      ? {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        }
      : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
    conditions = withCondition(conditions, { ...established, lastTransitionTime: timestamp });
  }
  const next = { ...status, conditions, acceptedNames: names };
  return equalSemantic(next, status) ? status : next;
}

/** Of several conflicts the last that was found is told. */
function lastOf(conflicts: readonly Conflict[]): Conflict {
  return conflicts.at(-1) as Conflict;
}

function acceptedNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): { readonly names: DefinitionNames; readonly conflicts: readonly Conflict[] } {
  const { spec, status } = definition;
  const { names: wanted } = spec;
  const before: Partial<DefinitionNames> = status?.acceptedNames ?? {};
  const neighbours = others
    .filter((other) => other.spec.group === spec.group && nameOf(other) !== nameOf(definition))
    .map((other) => other.status?.acceptedNames);
  const resources = new Set(neighbours.flatMap((n) => [n?.plural, n?.singular, ...(n?.shortNames ?? [])]));
  const kinds = new Set(neighbours.flatMap((names) => [names?.kind, names?.listKind]));
  const conflicts: Conflict[] = [];
  const take = (name: string, former: string, taken: ReadonlySet<unknown>, reason: string): string => {
    if (name === '' || !taken.has(name)) return name;
    conflicts.push({ reason, message: `${JSON.stringify(name)} is already in use` });
    return former;
  };
  const plural = take(wanted.plural, before.plural ?? '', resources, 'PluralConflict');
  const singular = take(wanted.singular ?? '', before.singular ?? '', resources, 'SingularConflict');
  const taken = (wanted.shortNames ?? []).filter((name) => resources.has(name));
  if (taken.length > 0) {
    const message = `${taken.map((name) => JSON.stringify(name)).join(', ')} is already in use`;
    conflicts.push({ reason: 'ShortNamesConflict', message });
  }
  const shortNames = taken.length > 0 ? before.shortNames : wanted.shortNames;
  const kind = take(wanted.kind, before.kind ?? '', kinds, 'KindConflict');
  const listKind = take(wanted.listKind ?? '', before.listKind ?? '', kinds, 'ListKindConflict');
  const { categories } = wanted;
  const names: DefinitionNames = {
    plural,
    ...(singular === '' ? {} : { singular }),
    ...(shortNames === undefined ? {} : { shortNames }),
    kind,
    ...(listKind === '' ? {} : { listKind }),
    ...(categories === undefined ? {} : { categories }),
  };
  return { names, conflicts };
}
