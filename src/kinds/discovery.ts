/**
 * Discovery documents: what kubectl reads to learn which resources there are. Both forms are needed, the aggregated one by
 * kubectl, the legacy one by client libraries and by `kubectl drain`.
 * Models apiserver pkg/endpoints/discovery and pkg/endpoints/discovery/aggregated; types in k8s.io/api/apidiscovery.
 */
import { apiVersionOf, type GroupVersion, type GroupVersionKind } from '../api/group-version.ts';
import type { JsonObject } from '../api/json.ts';
import type { KindRegistry, ResourceInfo, SubresourceInfo } from './registry.ts';

export type AggregatedVersion = 'v2' | 'v2beta1';

/** The document at `/api`. `serverAddress` is `host:port`. */
export function coreVersionsDocument(registry: KindRegistry, serverAddress: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: [...registry.versions('')],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** The document at `/apis`. */
export function groupListDocument(registry: KindRegistry): JsonObject {
  const groups = namedGroups(registry).map((group) => groupEntry(registry, group));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** The document at `/apis/GROUP`, or undefined for an unknown group. */
export function groupDocument(registry: KindRegistry, group: string): JsonObject | undefined {
  if (group === '' || registry.preferredVersion(group) === undefined) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(registry, group) };
}

/** The document at `/api/v1` or `/apis/GROUP/VERSION`, or undefined for an unknown version. */
export function resourceListDocument(registry: KindRegistry, groupVersion: GroupVersion): JsonObject | undefined {
  const resources = registry.resourcesOf(groupVersion);
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(groupVersion),
    resources: resources.flatMap((info) =>
      [resourceEntry(info)].concat(info.subresources.map((subresource) => subresourceEntry(info, subresource))),
    ),
  };
}

/** The aggregated document: at `/api` for the core group, at `/apis` for all others. */
export function aggregatedDocument(
  registry: KindRegistry,
  at: '/api' | '/apis',
  version: AggregatedVersion,
): JsonObject {
  const groups = at === '/api' ? [''] : namedGroups(registry);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group },
      versions: registry.versions(group).map((each) => ({
        version: each,
        resources: registry.resourcesOf({ group, version: each }).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}

/** The media type of an aggregated document. */
export function aggregatedContentType(version: AggregatedVersion): string {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
}

function namedGroups(registry: KindRegistry): readonly string[] {
  return registry.groups().filter((group) => group !== '');
}

function groupEntry(registry: KindRegistry, group: string): JsonObject {
  const versions = registry
    .versions(group)
    .map((version) => ({ groupVersion: apiVersionOf({ group, version }), version }));
  return { name: group, versions, preferredVersion: versions[0] as JsonObject };
}

function resourceEntry(info: ResourceInfo): JsonObject {
  return {
    name: info.resource,
    singularName: info.singular,
    namespaced: info.isNamespaced,
    kind: info.kind,
    verbs: [...info.verbs],
    ...names(info),
  };
}

function subresourceEntry(info: ResourceInfo, { name, kind, verbs }: SubresourceInfo): JsonObject {
  const isForeign = apiVersionOf(kind) !== apiVersionOf(info);
  return {
    name: `${info.resource}/${name}`,
    singularName: '',
    namespaced: info.isNamespaced,
    ...(isForeign ? { group: kind.group, version: kind.version } : {}),
    kind: kind.kind,
    verbs: [...verbs],
  };
}

function aggregatedResource(info: ResourceInfo): JsonObject {
  const subresources = info.subresources.map(({ name, kind, verbs }) => ({
    subresource: name,
    responseKind: kindEntry(kind),
    verbs: [...verbs],
  }));
  return {
    resource: info.resource,
    responseKind: kindEntry(info),
    scope: info.isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: info.singular,
    verbs: [...info.verbs],
    ...names(info),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

function kindEntry({ group, version, kind }: GroupVersionKind): JsonObject {
  return { group, version, kind };
}

function names(info: ResourceInfo): JsonObject {
  return {
    ...(info.shortNames.length === 0 ? {} : { shortNames: [...info.shortNames] }),
    ...(info.categories.length === 0 ? {} : { categories: [...info.categories] }),
  };
}
