/** One look at one bound claim: the disk grows first, then the claim says so. Nothing has to be done on the node. */
import { annotationsOf, isBeingDeleted, nameOf } from '../../api/object-meta.ts';
import { compareQuantities, parseQuantity } from '../../api/quantity.ts';
import type { Condition } from '../../kinds/condition.ts';
import { capacityOf, sizeOf } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import { type EventRecord, nothingToDo, type Plan, patch, plan, type Write } from '../plan.ts';
import { persistentVolumeClaimResource, persistentVolumeResource } from '../resources.ts';
import { isOurs, provisionedByAnnotation } from '../storage.ts';

export interface ExpanderObserved {
  readonly claim: PersistentVolumeClaim;
  /** Bound to the claim. */
  readonly volume: PersistentVolume;
}

export function reconcileExpansion({ claim, volume }: ExpanderObserved): Plan {
  if (isBeingDeleted(claim)) return nothingToDo;
  const maker = annotationsOf(volume)[provisionedByAnnotation] ?? '';
  const isTooSmall = compareQuantities(sizeOf(claim), capacityOf(volume)) > 0;
  if (isTooSmall && isOurs(maker)) return expand(claim, volume);
  if (isTooSmall) {
    const message = 'waiting for an external controller to expand this PVC';
    return plan([], { events: [tell(claim, 'ExternalExpanding', message)] });
  }
  return isOurs(maker) && isBehind(claim, volume) ? finish(claim, volume) : nothingToDo;
}

function expand(claim: PersistentVolumeClaim, volume: PersistentVolume): Plan {
  const storage = claim.spec.resources?.requests?.['storage'] ?? '0';
  const { uid, resourceVersion } = volume.metadata;
  const body = { metadata: { uid, resourceVersion }, spec: { capacity: { storage } } };
  const marks = {
    conditions: [...otherConditions(claim), { type: 'Resizing', status: 'True' }],
    allocatedResources: { storage },
    allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
  };
  return plan([[claimStatus(claim, marks)], [patch(persistentVolumeResource, volume, body)]], {
    events: [tell(claim, 'Resizing', `External resizer is resizing volume ${nameOf(volume)}`)],
  });
}

/** The claim says less than the volume has. */
function isBehind({ status }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const told = parseQuantity(status?.capacity?.['storage'] ?? '');
  return told !== undefined && compareQuantities(told, capacityOf(volume)) < 0;
}

function finish(claim: PersistentVolumeClaim, volume: PersistentVolume): Plan {
  const status = {
    capacity: volume.spec?.capacity ?? {},
    conditions: otherConditions(claim),
    allocatedResourceStatuses: null,
  };
  return plan([[claimStatus(claim, status)]], {
    events: [tell(claim, 'VolumeResizeSuccessful', 'Resize volume succeeded')],
  });
}

function otherConditions({ status }: PersistentVolumeClaim): readonly Condition[] {
  return (status?.conditions ?? []).filter(({ type }) => type !== 'Resizing');
}

function claimStatus(claim: PersistentVolumeClaim, status: object): Write {
  const { uid, resourceVersion } = claim.metadata;
  const body = { metadata: { uid, resourceVersion }, status };
  return patch(persistentVolumeClaimResource, claim, body, { subresource: 'status' });
}

function tell(claim: PersistentVolumeClaim, reason: string, message: string): EventRecord {
  return { object: claim, type: 'Normal', reason, message };
}
