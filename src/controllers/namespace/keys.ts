/**
 * A namespace that is to go takes everything in it along. Keys are namespaces. All namespaced kinds are watched, as metadata only, because
 * only what is still there tells when the namespace may go. Models kubernetes pkg/controller/namespace/deletion.
 */
import { byNamespace } from '../../api/object-index.ts';
import { isBeingDeleted, type KubeObject, namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { Namespace } from '../../kinds/namespace/types.ts';
import type { ResourceInfo } from '../../kinds/registry.ts';
import { type Cache, type CacheChange, type Caches, type Controller, sidesOf, type Watched } from '../controller.ts';
import { namespaceResource } from '../resources.ts';
import {
  bareResource,
  cacheName,
  customResources,
  customWatches,
  definitionCache,
  definitionWatch,
  deletableResources,
  eventResources,
  type ServedResource,
} from '../served-resources.ts';
import { type NamespaceObserved, type Remaining, reconcileNamespace, type Sweeps } from './reconcile.ts';

/** The namespaces themselves, and one cache per namespaced resource. */
export type NamespaceKinds = Record<string, KubeObject>;

/** No resource is named so: the names of the others may have a dot in them, but are plurals. */
const namespaces = 'namespaces';

export function namespaceController(
  served: readonly ResourceInfo[] = deletableResources(),
  unwatched: readonly ResourceInfo[] = eventResources(),
): Controller<NamespaceKinds, NamespaceObserved, Sweeps> {
  const contents = served.filter((info) => info.isNamespaced);
  const indexes = { namespace: byNamespace };
  const watches: Record<string, Watched> = {
    [namespaces]: { resource: namespaceResource, output: 'object', indexes: {} },
    [definitionCache]: definitionWatch({}),
  };
  for (const info of contents) {
    watches[cacheName(info)] = { resource: bareResource(info), output: 'metadata', indexes };
  }
  return {
    name: 'namespace-controller',
    watches,
    dynamic: customWatches(indexes, ({ isNamespaced }) => isNamespaced),
    remember: () => new Set(),
    keys: (change, caches) => namespaceKeys(change, caches),
    observe: (key, caches) => observe(key, caches, contents, unwatched),
    reconcile: reconcileNamespace,
  };
}

/** What happens in a namespace that stays is nobody's business here. */
function namespaceKeys(change: CacheChange<NamespaceKinds>, caches: Caches<NamespaceKinds>): readonly string[] {
  const [object] = sidesOf(change);
  if (object === undefined) return [];
  const key = change.cache === namespaces ? objectKey(object) : namespaceOf(object);
  const namespace = cacheOf(caches, namespaces).get(key);
  return namespace !== undefined && isBeingDeleted(namespace) ? [key] : [];
}

function observe(
  key: string,
  caches: Caches<NamespaceKinds>,
  builtIn: readonly ServedResource[],
  unwatched: readonly ServedResource[],
): NamespaceObserved | null {
  const namespace = cacheOf(caches, namespaces).get(key) as Namespace | undefined;
  if (namespace === undefined || !isBeingDeleted(namespace)) return null;
  const custom = customResources(caches[definitionCache] as Cache).filter(({ isNamespaced }) => isNamespaced);
  const contents = [...builtIn, ...custom];
  const remaining: Remaining[] = [];
  for (const info of contents) {
    // The cache of a definition that has just come is not there yet.
    const objects = (caches[cacheName(info)] as Cache | undefined)?.by('namespace', key) ?? [];
    if (objects.length > 0) remaining.push({ resource: bareResource(info), objects });
  }
  return { namespace, contents: [...contents, ...unwatched].map(bareResource), remaining };
}

function cacheOf(caches: Caches<NamespaceKinds>, name: string): Cache {
  return caches[name] as Cache;
}
