/** How a definition is marked while it goes. Models apiextensions-apiserver pkg/registry/customresourcedefinition/etcd.go Delete. */
import type { Mutable } from '../api/json.ts';
import { type AnyObject, finalizersOf, isBeingDeleted, type ObjectMeta } from '../api/object-meta.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampSeconds } from '../base/time.ts';
import { type Condition, withCondition } from '../kinds/condition.ts';
import { type CustomResourceDefinition, cleanupFinalizer } from '../kinds/customresourcedefinition/types.ts';

/** Marks a definition whose deletion was asked for: it waits for its objects. The caller owns the object. */
export function holdDefinition(object: AnyObject, wallMs: WallMs): void {
  if (isBeingDeleted(object)) return;
  const metadata = object.metadata as Mutable<ObjectMeta>;
  metadata.finalizers = [...finalizersOf(object).filter((each) => each !== cleanupFinalizer), cleanupFinalizer];
  const definition = object as unknown as CustomResourceDefinition;
  setTerminating(definition, wallMs, {
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  });
}

/** Says in the status how far the end has come. The caller owns the definition. */
export function setTerminating(
  definition: CustomResourceDefinition,
  wallMs: WallMs,
  outcome: Pick<Condition, 'status' | 'reason' | 'message'>,
): void {
  const { status } = definition;
  const condition: Condition = { type: 'Terminating', ...outcome, lastTransitionTime: timestampSeconds(wallMs) };
  const conditions = withCondition(status?.conditions, condition);
  (definition as Mutable<CustomResourceDefinition>).status = { ...status, conditions };
}
