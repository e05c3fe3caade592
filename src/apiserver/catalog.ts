/**
 * What is served and where it is stored. Several served versions of a resource share one place in the store; which version the
 * bytes there have is said here, once. Built-in resources are always there; those of CustomResourceDefinitions come and go as the cache,
 * which hands each definition to `define`, sees them: so all API servers serve the same after the same revision. Keys are as in Kubernetes: `/registry/pods/NAMESPACE/NAME` for the core group, and with
 * the group in front of the resource for the others. Store keys are binary strings, so a name beyond ASCII goes in as UTF-8.
 */
import { compareVersions, type GroupVersion, type GroupVersionResource } from '../api/group-version.ts';
import { must } from '../base/assert.ts';
import { utf8 } from '../base/bytes.ts';
import { type CustomResourceDefinition, storageVersionOf } from '../kinds/customresourcedefinition/types.ts';
import type { KindRegistry, ResourceInfo } from '../kinds/registry.ts';
import { KindStrategy } from '../kinds/strategy.ts';
import { CustomResources, type DefinitionSource, type ServedCustom, type StoredCustom } from './custom-resources.ts';
import { registryPrefix, storagePrefix } from './storage-prefix.ts';

/** One place in the store that holds all objects of a resource. */
export interface StoredResource {
  /** The resource in the version in which it is stored. */
  readonly info: ResourceInfo;
  readonly strategy: KindStrategy;
  /** Ends with a slash. */
  readonly prefix: string;
  /** Null for built-in resources. */
  readonly custom: StoredCustom | null;
}

/** One resource in one version that clients may ask for. */
export interface ServedResource {
  readonly info: ResourceInfo;
  readonly strategy: KindStrategy;
  readonly stored: StoredResource;
  /** Whether the served version differs from the stored one. */
  readonly isConverted: boolean;
  /** Null for built-in resources. */
  readonly custom: ServedCustom | null;
}

/** What a changed definition means to those who hold objects. */
export interface CatalogChange {
  /** A place in the store that has objects from now on. */
  readonly added: StoredResource | null;
  /** A place in the store whose keys mean nothing any more. */
  readonly removed: StoredResource | null;
}

const definitionName: GroupVersionResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
};

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
  readonly #builtIn: KindRegistry;
  /** With the custom kinds; made when somebody asks. */
  #registry: KindRegistry | undefined;
  /** Grows with each change of what is served. */
  #epoch = 0;
  readonly #customs = new Map<string, CustomResources>();
  /** Where definitions are stored. */
  readonly definitions: StoredResource;
  readonly #served = new Map<string, ServedResource>();
  readonly #stored = new Map<string, StoredResource>();

  constructor(registry: KindRegistry) {
    this.#builtIn = registry;
    for (const info of registry.resources) {
      const stored = this.#storedOf(info);
      const isConverted = stored.info !== info;
      const strategy = isConverted ? new KindStrategy(info) : stored.strategy;
      this.#served.set(keyOf(info), { info, strategy, stored, isConverted, custom: null });
    }
    this.definitions = this.mustServe(definitionName).stored;
  }

  /** What is served now, in the order of discovery. */
  get registry(): KindRegistry {
    this.#registry ??= this.#builtIn.with(this.#customInfos());
    return this.#registry;
  }

  get builtInRegistry(): KindRegistry {
    return this.#builtIn;
  }

  /** Equal as long as the same is served. */
  get epoch(): number {
    return this.#epoch;
  }

  /** All definitions, without their schemas. */
  customs(): IterableIterator<CustomResources> {
    return this.#customs.values();
  }

  custom(definition: string): CustomResources | undefined {
    return this.#customs.get(definition);
  }

  /** Takes a definition as it is now; null when it is gone. */
  define(name: string, source: DefinitionSource | null): CatalogChange {
    const former = this.#customs.get(name);
    const definition = source?.decode();
    // One without a storage version never passed validation; nothing can be made of it.
    if (source === null || definition === undefined || storageVersionOf(definition.spec) === undefined) {
      return { added: null, removed: former === undefined ? null : this.#forget(name, former) };
    }
    if (former !== undefined && former.uid === (definition.metadata.uid ?? '')) {
      this.#serve(former, definition, source);
      return { added: null, removed: null };
    }
    const removed = former === undefined ? null : this.#forget(name, former);
    const custom = new CustomResources(definition, source);
    // What Kubernetes itself stores there stays as it is.
    if (this.#stored.has(custom.stored.prefix)) return { added: null, removed };
    this.#customs.set(name, custom);
    this.#stored.set(custom.stored.prefix, custom.stored);
    this.#serve(custom, definition, source);
    return { added: custom.stored, removed };
  }

  #serve(custom: CustomResources, definition: CustomResourceDefinition, source: DefinitionSource): void {
    const before = custom.served;
    if (!custom.update(definition, source, (each) => this.#isBuiltIn(each))) return;
    for (const { info } of before) this.#served.delete(keyOf(info));
    for (const served of custom.served) this.#served.set(keyOf(served.info), served);
    this.#registry = undefined;
    this.#epoch += 1;
  }

  #forget(name: string, custom: CustomResources): StoredResource {
    this.#customs.delete(name);
    this.#stored.delete(custom.stored.prefix);
    for (const { info } of custom.served) this.#served.delete(keyOf(info));
    this.#registry = undefined;
    this.#epoch += 1;
    return custom.stored;
  }

  #isBuiltIn({ group, version }: GroupVersion): boolean {
    return this.#builtIn.versions(group).includes(version);
  }

  /** By group, then the preferred version, then resource. */
  #customInfos(): readonly ResourceInfo[] {
    const infos = [...this.#customs.values()].flatMap(({ served }) => served.map(({ info }) => info));
    return infos.sort(
      (left, right) =>
        compareTexts(left.group, right.group) ||
        compareVersions(left.version, right.version) ||
        compareTexts(left.resource, right.resource),
    );
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
        ? must(this.#builtIn.preferredResource(info), `preferred version of ${info.resource}`)
        : must(this.#builtIn.resource(elsewhere), `resource ${elsewhere.resource}`);
    const prefix = storagePrefix(storedInfo);
    const known = this.#stored.get(prefix);
    if (known !== undefined) return known;
    const stored = { info: storedInfo, strategy: new KindStrategy(storedInfo), prefix, custom: null };
    this.#stored.set(prefix, stored);
    return stored;
  }
}

/** Returns the strategy that a write through `served` follows: of custom kinds each version has rules of its own. */
export function strategyOf(served: ServedResource): KindStrategy {
  return served.custom === null ? served.stored.strategy : served.strategy;
}

/** Returns the store key of an object. */
export function storageKey(stored: StoredResource, namespace: string, name: string): string {
  return `${namespacePrefix(stored, namespace)}${encodeKeyText(name)}`;
}

/** Returns the prefix of all keys in a namespace, or of the whole resource when `namespace` is empty. */
export function namespacePrefix(stored: StoredResource, namespace: string): string {
  return namespace === '' ? stored.prefix : `${stored.prefix}${namespace}/`;
}

function keyOf({ group, version, resource }: GroupVersionResource): string {
  return `${group}/${version}/${resource}`;
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
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
