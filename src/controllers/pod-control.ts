/**
 * How controllers make pods of a template and tell of it: one form of pod, one growth of batches, one wording of events.
 * Models kubernetes pkg/controller/controller_utils.go GetPodFromTemplate, RealPodControl and slowStartBatch.
 */
import { controllerReference, type KubeObject, nameOf, namespaceOf } from '../api/object-meta.ts';
import type { Status } from '../api/status.ts';
import type { Pod, PodTemplateSpec } from '../kinds/pod/types.ts';
import type { ReconcileContext } from './controller.ts';
import { slowStartBatch } from './limits.ts';
import type { EventRecord, Write } from './plan.ts';
import { podResource } from './resources.ts';

/** Returns a pod of `template` that `owner` controls. Its parts are shared with the template. */
export function podFromTemplate(
  owner: KubeObject,
  template: PodTemplateSpec,
  name: string,
  generateName?: string,
): Pod {
  const { metadata = {}, spec } = template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(generateName === undefined ? {} : { generateName }),
      namespace: namespaceOf(owner),
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ...(metadata.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    spec,
  };
}

/** Groups writes by 1, 2, 4, … so that what is refused for one reason costs few requests. */
export function slowlyStarted(writes: readonly Write[]): readonly (readonly Write[])[] {
  const groups: (readonly Write[])[] = [];
  let batch = slowStartBatch;
  for (let done = 0; done < writes.length; batch *= 2) {
    groups.push(writes.slice(done, done + batch));
    done += batch;
  }
  return groups;
}

export function createdEvent(owner: KubeObject, pod: Pod): EventRecord {
  return { object: owner, type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${nameOf(pod)}` };
}

export function deletedEvent(owner: KubeObject, pod: Pod): EventRecord {
  return { object: owner, type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${nameOf(pod)}` };
}

/** Why a pod could not be created or deleted. Other failures are not the owner's to tell. */
export function podFailure({ failure }: ReconcileContext<unknown>): Status | null {
  if (failure === null || failure.write.resource.resource !== podResource.resource) return null;
  return failure.write.verb === 'create' || failure.write.verb === 'delete' ? failure.status : null;
}

export function podFailureEvent(owner: KubeObject, isCreating: boolean, failure: Status): EventRecord {
  const [reason, verb] = isCreating ? ['FailedCreate', 'creating'] : ['FailedDelete', 'deleting'];
  const message = `Error ${verb}: ${failure.message ?? ''}`;
  return { object: owner, type: 'Warning', reason, message, isOfFailure: true };
}
