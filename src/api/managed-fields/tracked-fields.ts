/**
 * Which fields of an object have owners at all. What the server alone decides has none, nor has what a write does not reach: the status when the
 * object is written, everything else when the status is. Models apimachinery pkg/util/managedfields/internal/stripmeta.go and the
 * GetResetFields of the strategies.
 */
import type { FieldSet } from './field-set.ts';
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
  const metadata = set['f:metadata'];
  const kept = filtered(set, (name) => name !== 'metadata' && tracked.includes(name));
  if (metadata === undefined) return kept;
  const keptMetadata = filtered(metadata, tracked.includesMetadata);
  return Object.keys(keptMetadata).length === 0 ? kept : { ...kept, 'f:metadata': keptMetadata };
}

function filtered(set: FieldSet, isKept: (name: string) => boolean): FieldSet {
  return Object.fromEntries(
    Object.entries(set).filter(([element]) => {
      const name = fieldNameOf(element);
      return name !== undefined && isKept(name);
    }),
  );
}
