/**
 * Which fields of an object have owners at all. What the server alone decides has none, nor has what a write does not reach: the status when the
 * object is written, everything else when the status is. Models apimachinery pkg/util/managedfields/internal/stripmeta.go and the
 * GetResetFields of the strategies.
 */
import { type FieldSet, isEmptySet } from './field-set.ts';
import { fieldNameOf } from './path-element.ts';

export interface TrackedFields {
  /** Tells whether a field of the object has owners. */
  includes(name: string): boolean;
  /** Tells whether a field of its metadata has. */
  readonly includesMetadata: (name: string) => boolean;
}

const ofTheServer: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

function isTrackedMetadata(name: string): boolean {
  return !ofTheServer.has(name);
}

/** For a kind without a status of its own. */
export const wholeObject: TrackedFields = {
  includes: (name) => name !== 'apiVersion' && name !== 'kind',
  includesMetadata: isTrackedMetadata,
};

/** For a kind whose status is written through a subresource. */
export const objectWithoutStatus: TrackedFields = {
  includes: (name) => name !== 'status' && wholeObject.includes(name),
  includesMetadata: isTrackedMetadata,
};

export const statusOnly: TrackedFields = {
  includes: (name) => name === 'status' || name === 'metadata',
  includesMetadata: (name) => name !== 'ownerReferences' && isTrackedMetadata(name),
};

/** Returns the part of a set that is tracked. */
export function trackedPart(set: FieldSet, tracked: TrackedFields): FieldSet {
  const kept: Record<string, FieldSet> = {};
  for (const [element, branch] of Object.entries(set)) {
    const name = fieldNameOf(element) ?? '';
    if (!tracked.includes(name)) continue;
    if (name !== 'metadata') kept[element] = branch;
    else if (!isEmptySet(branch)) Object.assign(kept, trackedMetadata(element, branch, tracked));
  }
  return kept;
}

/** Returns the field with what is tracked in it, or nothing: metadata itself has no owner. */
function trackedMetadata(element: string, metadata: FieldSet, tracked: TrackedFields): Record<string, FieldSet> {
  const kept = Object.entries(metadata).filter(([each]) => tracked.includesMetadata(fieldNameOf(each) ?? 'name'));
  return kept.length === 0 ? {} : { [element]: Object.fromEntries(kept) };
}
