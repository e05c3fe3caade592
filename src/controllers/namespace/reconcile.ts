/**
 * Empties a namespace and lets it go. The first reconcile deletes the collection of every resource, whatever the caches show: nothing can be
 * created in a namespace that is going, so what the sweep leaves is all there is. Later ones repeat it where something is left that nobody
 * has marked. When nothing remains, the finalizer is removed through the finalize subresource.
 */
import { formatGroupResource, type GroupVersionResource } from '../../api/group-version.ts';
import { equalSemantic } from '../../api/json.ts';
import { finalizersOf, isBeingDeleted, type KubeObject, uidOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import { type Condition, withCondition } from '../../kinds/condition.ts';
import type { Namespace } from '../../kinds/namespace/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { type Plan, plan, removeAll, update } from '../plan.ts';
import { namespaceResource } from '../resources.ts';

export interface Remaining {
  readonly resource: GroupVersionResource;
  readonly objects: readonly KubeObject[];
}

export interface NamespaceObserved {
  readonly namespace: Namespace;
  /** Every namespaced resource. */
  readonly contents: readonly GroupVersionResource[];
  readonly remaining: readonly Remaining[];
}

/** Uids of namespaces whose collections have been deleted once. */
export type Sweeps = Set<string>;

const ownFinalizer = 'kubernetes';

export function reconcileNamespace(observed: NamespaceObserved, context: ReconcileContext<Sweeps>): Plan {
  const { namespace, contents, remaining } = observed;
  const { memory: swept, wallMs, failure } = context;
  const finalizers = namespace.spec?.finalizers ?? [];
  if (!finalizers.includes(ownFinalizer)) return plan([]);
  const uid = uidOf(namespace);
  if (!swept.has(uid) || failure !== null) {
    swept.add(uid);
    const sweep = contents.map((resource) => removeAll(resource, namespace.metadata.name ?? ''));
    // Soon again: the caches then show what the sweep left.
    return plan([sweep], { requeueAfterMs: 1 });
  }
  if (remaining.length === 0) {
    swept.delete(uid);
    const left = finalizers.filter((finalizer) => finalizer !== ownFinalizer);
    const next: Namespace = { ...namespace, spec: { ...namespace.spec, finalizers: left } };
    return plan([[update(namespaceResource, next, 'finalize')]]);
  }
  const unmarked = remaining.filter(({ objects }) => objects.some((object) => !isBeingDeleted(object)));
  const conditions = conditionsOf(namespace, remaining, wallMs);
  const next: Namespace = { ...namespace, status: { ...namespace.status, phase: 'Terminating', conditions } };
  const statusWrites = equalSemantic(next.status, namespace.status) ? [] : [update(namespaceResource, next, 'status')];
  const sweeps = unmarked.map(({ resource }) => removeAll(resource, namespace.metadata.name ?? ''));
  return plan([sweeps, statusWrites]);
}

function conditionsOf(namespace: Namespace, remaining: readonly Remaining[], wallMs: WallMs): readonly Condition[] {
  const counts = remaining.map(
    ({ resource, objects }) => `${formatGroupResource(resource)} has ${objects.length} resource instances`,
  );
  const finalizers = finalizerCounts(remaining);
  const hasFinalizers = finalizers.length > 0;
  const facts: readonly Omit<Condition, 'lastTransitionTime'>[] = [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      false,
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      false,
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    condition(
      'NamespaceContentRemaining',
      true,
      'SomeResourcesRemain',
      `Some resources are remaining: ${counts.join(', ')}`,
    ),
    hasFinalizers
      ? condition(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
        )
      : condition(
          'NamespaceFinalizersRemaining',
          false,
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ];
  let conditions = namespace.status?.conditions ?? [];
  for (const fact of facts) {
    conditions = withCondition(conditions, { ...fact, lastTransitionTime: timestampSeconds(wallMs) });
  }
  return conditions;
}

function condition(
  type: string,
  holds: boolean,
  reason: string,
  message: string,
): Omit<Condition, 'lastTransitionTime'> {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

function finalizerCounts(remaining: readonly Remaining[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { objects } of remaining) {
    for (const object of objects) {
      for (const finalizer of finalizersOf(object)) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
    }
  }
  const sorted = [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
  return sorted.map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
}
