/**
 * How caches of objects are indexed: functions from an object to the values under which it is to be found. Declared by those who read a
 * cache, used by those who keep it. Models client-go tools/cache/index.go.
 */
import { controllerOf, type KubeObject, namespaceOf, ownerReferencesOf } from './object-meta.ts';

/** Returns the values under which an object is found; none hides it from this index. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[];

export const byNamespace: IndexFunction<KubeObject> = (object) => [namespaceOf(object)];

/** Every owner, controlling or not. */
export const byOwnerUid: IndexFunction<KubeObject> = (object) => ownerReferencesOf(object).map((owner) => owner.uid);

export const byControllerUid: IndexFunction<KubeObject> = (object) => {
  const controller = controllerOf(object);
  return controller === undefined ? [] : [controller.uid];
};

/** Objects that nobody controls, by namespace: what an adopting controller has to look through. */
export const orphansByNamespace: IndexFunction<KubeObject> = (object) =>
  controllerOf(object) === undefined ? [namespaceOf(object)] : [];

export const byUid: IndexFunction<KubeObject> = (object) => [object.metadata.uid ?? ''];

/** The value of one label, within a namespace: `namespace/value`. */
export function byLabel(label: string): IndexFunction<KubeObject> {
  return (object) => {
    const value = object.metadata.labels?.[label];
    return value === undefined ? [] : [`${namespaceOf(object)}/${value}`];
  };
}
