/**
 * The resources whose objects can be watched and deleted: what garbage collection and namespaces have to know of. Built-in ones are always
 * there; custom ones follow from a cache of their definitions, as those follow from each other: without a round of discovery.
 */
import { compareVersions, formatGroupResource, type GroupVersionResource } from '../api/group-version.ts';
import type { KubeObject } from '../api/object-meta.ts';
import {
  type CustomResourceDefinition,
  hasCondition,
  withoutSchemas,
} from '../kinds/customresourcedefinition/types.ts';
import { builtInRegistry, type KindRegistry, type ResourceInfo } from '../kinds/registry.ts';
import type { Cache, Caches, DynamicWatches, Watched } from './controller.ts';

/** What is needed of a resource, be it built in or custom. */
export type ServedResource = Pick<ResourceInfo, 'group' | 'version' | 'resource' | 'kind' | 'isNamespaced'>;

const definitionResource: GroupVersionResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
};

/** The name of the cache of definitions. */
export const definitionCache = formatGroupResource(definitionResource);

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

/** A cache of definitions, without their schemas. */
export function definitionWatch(indexes: Watched['indexes']): Watched {
  const keep = (definition: CustomResourceDefinition): KubeObject => withoutSchemas(definition);
  return {
    resource: definitionResource,
    output: 'object',
    indexes,
    keep: keep as unknown as (object: never) => KubeObject,
  };
}

/** Returns the custom resources that are served, each once, in its preferred version. */
export function customResources(definitions: Cache | undefined): readonly ServedResource[] {
  const found: ServedResource[] = [];
  for (const object of definitions?.values() ?? []) {
    const definition = object as CustomResourceDefinition;
    const { spec, status } = definition;
    const [preferred] = spec.versions
      .filter(({ served }) => served)
      .map(({ name }) => name)
      .sort(compareVersions);
    if (preferred === undefined || !hasCondition(definition, 'Established')) continue;
    found.push({
      group: spec.group,
      version: preferred,
      resource: spec.names.plural,
      kind: status?.acceptedNames?.kind ?? spec.names.kind,
      isNamespaced: spec.scope === 'Namespaced',
    });
  }
  return found;
}

/** Returns a watch of metadata for each custom resource that `wants` says yes to. */
export function customWatches(indexes: Watched['indexes'], wants: (info: ServedResource) => boolean): DynamicWatches {
  return {
    by: definitionCache,
    watches(caches: Caches<Record<string, KubeObject>>) {
      const wanted = customResources(caches[definitionCache]).filter(wants);
      return Object.fromEntries(
        wanted.map((info): [string, Watched] => [
          cacheName(info),
          { resource: bareResource(info), output: 'metadata', indexes },
        ]),
      );
    },
  };
}
