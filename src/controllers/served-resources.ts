/** The resources whose objects can be watched and deleted: what garbage collection and namespaces have to know of. */
import { formatGroupResource, type GroupVersionResource } from '../api/group-version.ts';
import { builtInRegistry, type KindRegistry, type ResourceInfo } from '../kinds/registry.ts';

/** Deleted by their age, never by their owners. */
const isIgnored = ({ resource, group }: ResourceInfo): boolean =>
  resource === 'events' && (group === '' || group === 'events.k8s.io');

/** Each resource once, in its preferred version, in the order of discovery. */
export function deletableResources(registry: KindRegistry = builtInRegistry()): readonly ResourceInfo[] {
  return registry.resources.filter(
    (info) =>
      !isIgnored(info) &&
      registry.preferredResource(info) === info &&
      (['list', 'watch', 'delete'] as const).every((verb) => info.verbs.includes(verb)),
  );
}

/** Events: deleted with their namespace, but not worth a watch. */
export function eventResources(registry: KindRegistry = builtInRegistry()): readonly ResourceInfo[] {
  return registry.resources.filter((info) => isIgnored(info) && registry.preferredResource(info) === info);
}

/** The name of a resource's cache: `pods`, `deployments.apps`. */
export function cacheName(resource: GroupVersionResource): string {
  return formatGroupResource(resource);
}

export function bareResource({ group, version, resource }: GroupVersionResource): GroupVersionResource {
  return { group, version, resource };
}
