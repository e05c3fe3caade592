/**
 * What a CustomResourceDefinition makes an API server store and serve. The place in the store stays the same for as long as the definition
 * is the same one (by its uid), because caches and watches know it by identity; what is served is made anew with each change.
 */
import { apiVersionOf, compareVersions, type GroupVersion } from '../api/group-version.ts';
import type { JsonObject, Mutable } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { internalError } from '../api/status-errors.ts';
import { must } from '../base/assert.ts';
import { utf8, utf8Text } from '../base/bytes.ts';
import { customBehaviour } from '../kinds/customresource/behaviour.ts';
import { coerceStored } from '../kinds/customresource/decode.ts';
import { CustomVersion } from '../kinds/customresource/version.ts';
import {
  type CustomResourceDefinition,
  type DefinitionVersion,
  hasCondition,
  storageVersionOf,
  withoutSchemas,
} from '../kinds/customresourcedefinition/types.ts';
import type { ResourceInfo } from '../kinds/registry.ts';
import { KindStrategy } from '../kinds/strategy.ts';
import type { ServedResource, StoredResource } from './catalog.ts';
import { storagePrefix } from './storage-prefix.ts';

/** A definition as the cache has it. */
export interface DefinitionSource {
  readonly key: string;
  readonly createRevision: number;
  /** Returns a fresh tree. */
  readonly decode: () => CustomResourceDefinition;
}

/** What is stored of one definition. `info`, `strategy` and `storage` move with it. */
export class StoredCustom implements StoredResource {
  info: ResourceInfo;
  strategy: KindStrategy;
  readonly prefix: string;
  readonly custom: StoredCustom = this;
  /** The key of the definition, whose creation every new object's transaction compares: no object outlives its definition. */
  readonly definitionKey: string;
  readonly definitionRevision: number;
  storage: CustomVersion;
  #isConvertedByWebhook = false;

  constructor(storage: CustomVersion, source: DefinitionSource) {
    this.info = storage.info;
    this.storage = storage;
    this.strategy = new KindStrategy(storage.info, customBehaviour(storage));
    this.prefix = storagePrefix(storage.info);
    this.definitionKey = source.key;
    this.definitionRevision = source.createRevision;
  }

  /** Takes a changed definition over. */
  update(storage: CustomVersion, isConvertedByWebhook: boolean): void {
    this.info = storage.info;
    this.storage = storage;
    this.strategy = new KindStrategy(storage.info, customBehaviour(storage));
    this.#isConvertedByWebhook = isConvertedByWebhook;
  }

  /** Brings a tree as it was stored, which the caller owns, to the storage version as it is now. */
  read(object: AnyObject): AnyObject {
    coerceStored(object as unknown as JsonObject, this.storage);
    this.convert(object, this.info);
    return object;
  }

  /** Rewrites the version. Throws StatusError InternalError where the definition wants a webhook to be asked. */
  convert(object: AnyObject, to: ResourceInfo): void {
    const own = object as Mutable<AnyObject>;
    const apiVersion = apiVersionOf(to);
    if (own.apiVersion !== apiVersion && this.#isConvertedByWebhook) {
      const cause = 'this server calls no conversion webhooks';
      throw internalError(`conversion webhook for ${own.apiVersion}, Kind=${own.kind} failed: ${cause}`);
    }
    own.apiVersion = apiVersion;
    own.kind = to.kind;
  }
}

/** What is special about a version that is served of a custom kind. */
export class ServedCustom {
  readonly version: CustomVersion;
  readonly #stored: StoredCustom;
  /** Stored bytes by what is shown of them; most are shown as they are. */
  readonly #shown = new WeakMap<Uint8Array, Uint8Array>();

  constructor(version: CustomVersion, stored: StoredCustom) {
    this.version = version;
    this.#stored = stored;
  }

  /** Returns an object's stored bytes as this version shows it: pruned, defaulted and converted, as the definition is now. */
  shown(bytes: Uint8Array): Uint8Array {
    const known = this.#shown.get(bytes);
    if (known !== undefined) return known;
    const object = JSON.parse(utf8Text(bytes)) as AnyObject;
    const { apiVersion } = object;
    const isCoerced = coerceStored(object as unknown as JsonObject, this.#stored.storage);
    this.#stored.convert(object, this.version.info);
    const shown = isCoerced || object.apiVersion !== apiVersion ? utf8(JSON.stringify(object)) : bytes;
    this.#shown.set(bytes, shown);
    return shown;
  }
}

/** One definition in the catalog. */
export class CustomResources {
  readonly uid: string;
  readonly stored: StoredCustom;
  /** The definition without its schemas, which are large. */
  definition: CustomResourceDefinition;
  served: readonly ServedResource[] = [];
  #state = '';

  constructor(definition: CustomResourceDefinition, source: DefinitionSource) {
    this.uid = definition.metadata.uid ?? '';
    this.definition = withoutSchemas(definition);
    this.stored = new StoredCustom(storageOf(definition, source), source);
  }

  /** Takes a state of the same definition. `isBuiltIn`: versions that Kubernetes itself has. Returns whether what is served has changed. */
  update(
    definition: CustomResourceDefinition,
    source: DefinitionSource,
    isBuiltIn: (groupVersion: GroupVersion) => boolean,
  ): boolean {
    this.definition = withoutSchemas(definition);
    const state = stateOf(this.definition);
    if (state === this.#state) return false;
    this.#state = state;
    const { spec } = definition;
    this.stored.update(storageOf(definition, source), spec.conversion?.strategy === 'Webhook');
    const before = this.served.length;
    const { group } = spec;
    this.served = hasCondition(definition, 'Established')
      ? spec.versions
          .filter(({ name, served }) => served && !isBuiltIn({ group, version: name }))
          .sort((left, right) => compareVersions(left.name, right.name))
          .map((version) => this.#serve(definition, version, source))
      : [];
    return before + this.served.length > 0;
  }

  /** The storage version, for whoever works on all objects whether they are served or not. */
  get all(): ServedResource {
    const { stored } = this;
    const { info, strategy, storage } = stored;
    return { info, strategy, stored, isConverted: false, custom: new ServedCustom(storage, stored) };
  }

  #serve(definition: CustomResourceDefinition, version: DefinitionVersion, source: DefinitionSource): ServedResource {
    const { stored } = this;
    const own = new CustomVersion(definition, version, source.decode);
    const custom = new ServedCustom(own, stored);
    const strategy = new KindStrategy(own.info, customBehaviour(own));
    return { info: own.info, strategy, stored, isConverted: version.name !== stored.info.version, custom };
  }
}

function storageOf(definition: CustomResourceDefinition, source: DefinitionSource): CustomVersion {
  const version = must(storageVersionOf(definition.spec), 'a definition has a storage version');
  return new CustomVersion(definition, version, source.decode);
}

/** Everything on which depends what is served and how. */
function stateOf(definition: CustomResourceDefinition): string {
  const { metadata, status } = definition;
  const conditions = [hasCondition(definition, 'Established'), hasCondition(definition, 'Terminating')];
  return JSON.stringify([metadata.uid, metadata.generation, status?.acceptedNames, conditions]);
}
