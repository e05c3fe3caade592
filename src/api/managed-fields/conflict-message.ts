/** Conflicts of server-side apply as clients read them. Models apimachinery pkg/util/managedfields/internal/conflict.go. */
import type { StatusError } from '../status.ts';
import { applyConflict } from '../status-errors.ts';
import type { FieldConflict } from './apply.ts';
import type { FieldManager } from './managers.ts';
import { formatPath } from './path-element.ts';

/** Returns the refusal: 409 with a cause of reason FieldManagerConflict for each field. */
export function fieldConflictError(conflicts: readonly FieldConflict[]): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${nameForPeople(manager)}`,
    field: formatPath(path),
  }));
  return applyConflict(causes, messageOf(conflicts));
}

function messageOf(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${nameForPeople(first.manager)}: ${formatPath(first.path)}`;
  }
  const byManager = new Map<FieldManager, string[]>();
  for (const { manager, path } of conflicts) {
    byManager.set(manager, [...(byManager.get(manager) ?? []), `- ${formatPath(path)}`]);
  }
  const parts = [...byManager].flatMap(([manager, lines]) => [`conflicts with ${nameForPeople(manager)}:`, ...lines]);
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join('\n')}`;
}

function nameForPeople({ name, operation, apiVersion, subresource }: FieldManager): string {
  const part = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const version = operation === 'Update' ? ` using ${apiVersion}` : '';
  return `${JSON.stringify(name)}${part}${version}`;
}
