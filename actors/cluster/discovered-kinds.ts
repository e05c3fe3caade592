/** Kinds that a cluster serves beyond the built-in ones, read from its aggregated discovery document. */
import type { JsonObject } from '../../src/api/json.ts';
import { builtInRegistry, type KindRegistry, type ResourceInfo } from '../../src/kinds/registry.ts';
import type { NonResourceRequest } from '../../src/protocol/apiserver.ts';

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: { readonly kind: string };
  readonly scope: string;
  readonly singularResource: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs: ResourceInfo['verbs'];
}

interface DiscoveredGroup {
  readonly metadata: { readonly name: string };
  readonly versions: readonly { readonly version: string; readonly resources: readonly DiscoveredResource[] }[];
}

/** Asks for the document. */
export const discoveryRequest: NonResourceRequest = {
  type: 'nonResource',
  path: '/apis',
  parameters: {},
  accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  credentials: { type: 'component', user: 'kubernetes-admin', groups: ['system:masters'] },
};

/** Returns the built-in kinds with those that the document names besides. */
export function discoveredKinds(document: JsonObject): KindRegistry {
  const builtIn = builtInRegistry();
  const groups = (document['items'] ?? []) as unknown as readonly DiscoveredGroup[];
  const others = groups.flatMap(({ metadata: { name: group }, versions }) =>
    versions.flatMap(({ version, resources }) => resources.map((each) => infoOf(group, version, each))),
  );
  return builtIn.with(others.filter((info) => builtIn.resource(info) === undefined));
}

function infoOf(group: string, version: string, found: DiscoveredResource): ResourceInfo {
  return {
    group,
    version,
    resource: found.resource,
    kind: found.responseKind.kind,
    isNamespaced: found.scope === 'Namespaced',
    singular: found.singularResource,
    shortNames: found.shortNames ?? [],
    categories: found.categories ?? [],
    verbs: found.verbs,
    subresources: [],
  };
}
