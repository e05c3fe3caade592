/**
 * What is served and where it is stored. Several served versions of a resource share one place in the store; which version the
 * bytes there have is said here, once. Keys are as in Kubernetes: `/registry/pods/NAMESPACE/NAME` for the core group, and with
 * the group in front of the resource for the others. Store keys are binary strings, so a name beyond ASCII goes in as UTF-8.
 */
import type { GroupVersionResource } from '../api/group-version.ts';
import { must } from '../base/assert.ts';
import { utf8 } from '../base/bytes.ts';
import type { KindRegistry, ResourceInfo } from '../kinds/registry.ts';
import { KindStrategy } from '../kinds/strategy.ts';

export const registryPrefix = '/registry/';

/** One place in the store that holds all objects of a resource. */
export interface StoredResource {
  /** The resource in the version in which it is stored. */
  readonly info: ResourceInfo;
  readonly strategy: KindStrategy;
  /** Ends with a slash. */
  readonly prefix: string;
}

/** One resource in one version that clients may ask for. */
export interface ServedResource {
  readonly info: ResourceInfo;
  readonly strategy: KindStrategy;
  readonly stored: StoredResource;
  /** Whether the served version differs from the stored one. */
  readonly isConverted: boolean;
}

export interface KeyOwner {
  readonly stored: StoredResource;
  /** Empty at cluster scope. */
  readonly namespace: string;
  readonly name: string;
}

/** Resources that are another resource's objects under a second name. */
const storedElsewhere: ReadonlyMap<string, GroupVersionResource> = new Map([
  ['events.k8s.io/events', { group: '', version: 'v1', resource: 'events' }],
]);

export class Catalog {
  readonly registry: KindRegistry;
  readonly #served = new Map<string, ServedResource>();
  readonly #stored = new Map<string, StoredResource>();

  constructor(registry: KindRegistry) {
    this.registry = registry;
    for (const info of registry.resources) {
      const stored = this.#storedOf(info);
      const isConverted = stored.info !== info;
      const strategy = isConverted ? new KindStrategy(info) : stored.strategy;
      this.#served.set(keyOf(info), { info, strategy, stored, isConverted });
    }
  }

  served(name: GroupVersionResource): ServedResource | undefined {
    return this.#served.get(keyOf(name));
  }

  /** Returns the served resource of a built-in name, which must exist. */
  mustServe(name: GroupVersionResource): ServedResource {
    return must(this.served(name), `resource ${name.resource}`);
  }

  stored(): IterableIterator<StoredResource> {
    return this.#stored.values();
  }

  /** Tells whose object a store key holds; undefined for keys that hold none. */
  ownerOf(key: string): KeyOwner | undefined {
    if (!key.startsWith(registryPrefix)) return undefined;
    const first = key.indexOf('/', registryPrefix.length);
    if (first === -1) return undefined;
    let stored = this.#stored.get(key.slice(0, first + 1));
    if (stored === undefined) {
      const second = key.indexOf('/', first + 1);
      stored = second === -1 ? undefined : this.#stored.get(key.slice(0, second + 1));
    }
    if (stored === undefined) return undefined;
    const rest = decodeKeyText(key.slice(stored.prefix.length));
    if (!stored.info.isNamespaced) return { stored, namespace: '', name: rest };
    const slash = rest.indexOf('/');
    return slash === -1 ? undefined : { stored, namespace: rest.slice(0, slash), name: rest.slice(slash + 1) };
  }

  #storedOf(info: ResourceInfo): StoredResource {
    const elsewhere = storedElsewhere.get(`${info.group}/${info.resource}`);
    const storedInfo =
      elsewhere === undefined
        ? must(this.registry.preferredResource(info), `preferred version of ${info.resource}`)
        : must(this.registry.resource(elsewhere), `resource ${elsewhere.resource}`);
    const prefix = prefixOf(storedInfo);
    const known = this.#stored.get(prefix);
    if (known !== undefined) return known;
    const stored = { info: storedInfo, strategy: new KindStrategy(storedInfo), prefix };
    this.#stored.set(prefix, stored);
    return stored;
  }
}

/** Returns the store key of an object. */
export function storageKey(stored: StoredResource, namespace: string, name: string): string {
  return `${namespacePrefix(stored, namespace)}${encodeKeyText(name)}`;
}

/** Returns the prefix of all keys in a namespace, or of the whole resource when `namespace` is empty. */
export function namespacePrefix(stored: StoredResource, namespace: string): string {
  return namespace === '' ? stored.prefix : `${stored.prefix}${namespace}/`;
}

function prefixOf(info: ResourceInfo): string {
  return info.group === '' ? `${registryPrefix}${info.resource}/` : `${registryPrefix}${info.group}/${info.resource}/`;
}

function keyOf({ group, version, resource }: GroupVersionResource): string {
  return `${group}/${version}/${resource}`;
}

const asciiOnly = /^[ -~]*$/;

function encodeKeyText(text: string): string {
  return asciiOnly.test(text) ? text : String.fromCharCode(...utf8(text));
}

function decodeKeyText(key: string): string {
  return asciiOnly.test(key) ? key : decodeURIComponent(escapeBytes(key));
}

function escapeBytes(key: string): string {
  let escaped = '';
  for (const character of key) {
    escaped += asciiOnly.test(character) && character !== '%' ? character : percent(character.charCodeAt(0));
  }
  return escaped;
}

function percent(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`;
}
