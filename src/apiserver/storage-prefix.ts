/** Where in the store objects are. */
import type { GroupResource } from '../api/group-version.ts';

export const registryPrefix = '/registry/';

/** Returns the prefix of all keys of a resource. */
export function storagePrefix(info: GroupResource): string {
  return info.group === '' ? `${registryPrefix}${info.resource}/` : `${registryPrefix}${info.group}/${info.resource}/`;
}
