/**
 * Which owners a change of a dependent concerns: the one that controls it, before and after the change; and for one that nobody controls, all
 * that could adopt it. Models the event handlers of kubernetes pkg/controller/replicaset and its neighbours.
 */
import { type LabelSelector, matchesLabels } from '../api/label-selector.ts';
import {
  controllerOf,
  isBeingDeleted,
  type KubeObject,
  labelsOf,
  namespaceOf,
  objectKey,
  uidOf,
} from '../api/object-meta.ts';
import { type Cache, type CacheChange, sidesOf } from './controller.ts';

/** Index that a cache of owners needs for `ownerKeys`. */
export const namespaceIndex = 'namespace';

/** Returns the keys of the owners of kind `kind`. `selectorOf` tells what an owner would adopt. */
export function ownerKeys<T extends KubeObject>(
  change: Pick<CacheChange, 'old' | 'object'>,
  kind: string,
  owners: Cache<T>,
  selectorOf: (owner: T) => LabelSelector,
): readonly string[] {
  const keys = new Set<string>();
  for (const dependent of sidesOf(change)) {
    const reference = controllerOf(dependent);
    if (reference !== undefined) {
      const key = `${namespaceOf(dependent)}/${reference.name}`;
      const owner = reference.kind === kind ? owners.get(key) : undefined;
      if (owner !== undefined && uidOf(owner) === reference.uid) keys.add(key);
    } else if (dependent === change.object && !isBeingDeleted(dependent)) {
      for (const owner of owners.by(namespaceIndex, namespaceOf(dependent))) {
        if (matchesLabels(selectorOf(owner), labelsOf(dependent))) keys.add(objectKey(owner));
      }
    }
  }
  return [...keys];
}
