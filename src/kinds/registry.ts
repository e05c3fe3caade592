/**
 * Which resources and kinds are served. Light: it knows names, scopes and verbs, no schemas.
 *
 * The table holds one resource a line, in the order of discovery:
 * `group|version|resource|kind|N or C|singular|short names|categories|verbs|subresources`, a subresource as
 * `name=group/version/kind=verbs`, verbs as letters. As in Kubernetes, alpha and beta versions are off unless asked for.
 */
import {
  apiVersionOf,
  type GroupResource,
  type GroupVersion,
  type GroupVersionKind,
  type GroupVersionResource,
  stabilityOf,
} from '../api/group-version.ts';
import type { ResourceVerb } from '../api/request.ts';
import { must } from '../base/assert.ts';
import { aggregatedResourceTable } from './tables/aggregated.ts';
import { resourceTable } from './tables/resources.ts';

export type Verb = ResourceVerb;

export interface SubresourceInfo {
  readonly name: string;
  /** The kind that is sent and returned. */
  readonly kind: GroupVersionKind;
  readonly verbs: readonly Verb[];
}

export interface ResourceInfo extends GroupVersionResource, GroupVersionKind {
  readonly isNamespaced: boolean;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Ascending by name. */
  readonly verbs: readonly Verb[];
  readonly subresources: readonly SubresourceInfo[];
}

const verbsByLetter: Readonly<Record<string, Verb>> = {
  c: 'create',
  d: 'delete',
  x: 'deletecollection',
  g: 'get',
  l: 'list',
  p: 'patch',
  u: 'update',
  w: 'watch',
};

/** Names of resources and kinds, looked up both ways. Immutable: custom kinds make a new registry. */
export class KindRegistry {
  /** In the order of discovery: by group, then version, preferred first, then resource. */
  readonly resources: readonly ResourceInfo[];
  readonly #byResource = new Map<string, ResourceInfo>();
  readonly #byKind = new Map<string, ResourceInfo>();
  readonly #versions = new Map<string, string[]>();

  constructor(resources: readonly ResourceInfo[]) {
    this.resources = resources;
    for (const info of resources) {
      this.#byResource.set(`${info.group}/${info.version}/${info.resource}`, info);
      this.#byKind.set(`${info.group}/${info.version}/${info.kind}`, info);
      const versions = this.#versions.get(info.group);
      if (versions === undefined) this.#versions.set(info.group, [info.version]);
      else if (!versions.includes(info.version)) versions.push(info.version);
    }
  }

  resource(name: GroupVersionResource): ResourceInfo | undefined {
    return this.#byResource.get(`${name.group}/${name.version}/${name.resource}`);
  }

  kind(name: GroupVersionKind): ResourceInfo | undefined {
    return this.#byKind.get(`${name.group}/${name.version}/${name.kind}`);
  }

  /** Groups in the order of discovery; the core group is the empty one. */
  groups(): readonly string[] {
    return [...this.#versions.keys()];
  }

  /** Versions of a group, preferred first; empty for an unknown group. */
  versions(group: string): readonly string[] {
    return this.#versions.get(group) ?? [];
  }

  preferredVersion(group: string): string | undefined {
    return this.#versions.get(group)?.[0];
  }

  /** The resource in the most preferred version that has it. */
  preferredResource(name: GroupResource): ResourceInfo | undefined {
    for (const version of this.versions(name.group)) {
      const info = this.resource({ ...name, version });
      if (info !== undefined) return info;
    }
    return undefined;
  }

  /** Resources of one version, ascending by name. */
  resourcesOf(groupVersion: GroupVersion): readonly ResourceInfo[] {
    const wanted = apiVersionOf(groupVersion);
    return this.resources.filter((info) => apiVersionOf(info) === wanted);
  }

  /** Returns a registry with these resources behind the present ones. */
  with(resources: readonly ResourceInfo[]): KindRegistry {
    return new KindRegistry([...this.resources, ...resources]);
  }
}

/** Made when it is first wanted: some threads never want it, others many times. */
let stable: KindRegistry | undefined;

/** Returns the resources that Kubernetes itself serves, and those that others serve for it. */
export function builtInRegistry(options: { readonly includesUnstable?: boolean } = {}): KindRegistry {
  if (options.includesUnstable === true) return readRegistry(options);
  stable ??= readRegistry(options);
  return stable;
}

function readRegistry(options: { readonly includesUnstable?: boolean }): KindRegistry {
  const all = resourceTable.split('\n').map(parseResource);
  const isServed = (info: ResourceInfo): boolean =>
    options.includesUnstable === true || stabilityOf(info.version) === 'stable';
  const aggregated = aggregatedResourceTable.split('\n').map(parseResource);
  return new KindRegistry([...all.filter(isServed), ...aggregated]);
}

export function subresourceOf(info: ResourceInfo, name: string): SubresourceInfo | undefined {
  return info.subresources.find((subresource) => subresource.name === name);
}

export function hasStatus(info: ResourceInfo): boolean {
  return subresourceOf(info, 'status') !== undefined;
}

function parseResource(line: string): ResourceInfo {
  const cells = line.split('|');
  const cell = (index: number): string => must(cells[index], line);
  return {
    group: cell(0),
    version: cell(1),
    resource: cell(2),
    kind: cell(3),
    isNamespaced: cell(4) === 'N',
    singular: cell(5),
    shortNames: listOf(cell(6), ','),
    categories: listOf(cell(7), ','),
    verbs: parseVerbs(cell(8)),
    subresources: listOf(cell(9), ';').map(parseSubresource),
  };
}

function parseSubresource(text: string): SubresourceInfo {
  const [name = '', path = '', verbs = ''] = text.split('=');
  const [group = '', version = '', kind = ''] = path.split('/');
  return { name, kind: { group, version, kind }, verbs: parseVerbs(verbs) };
}

function parseVerbs(letters: string): readonly Verb[] {
  return [...letters].map((letter) => must(verbsByLetter[letter], `verb ${letter}`));
}

function listOf(text: string, separator: string): readonly string[] {
  return text === '' ? [] : text.split(separator);
}
