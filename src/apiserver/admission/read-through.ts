/** Objects that admission has to know of: the cache may not show yet what was made a moment ago. */
import type { Flow } from '../../actor/flow.ts';
import type { GroupVersionResource } from '../../api/group-version.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import { utf8Text } from '../../base/bytes.ts';
import { storageKey } from '../catalog.ts';
import type { Environment } from '../environment.ts';
import { readKey } from '../store-client.ts';

/** Returns an object as the cache has it, else as the store does; undefined when there is none. Caller must not mutate it. */
export function* readThrough(
  environment: Environment,
  resource: GroupVersionResource,
  namespace: string,
  name: string,
): Flow<AnyObject | undefined> {
  const { stored } = environment.catalog.mustServe(resource);
  const cached = environment.cache.get(stored, namespace, name)?.object;
  if (cached !== undefined) return cached;
  const keyValue = yield* readKey(environment, storageKey(stored, namespace, name));
  return keyValue === null ? undefined : (JSON.parse(utf8Text(keyValue.value)) as AnyObject);
}
