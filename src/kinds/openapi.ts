/**
 * OpenAPI v3: an index of documents, and a document for each group and version, made from the tables of kinds.
 *
 * A document's address carries a hash, and whoever has it may keep it for ever. The hash is one of what the document says, so that
 * a change of the tables or of the code that reads them is seen by every kubectl. Making all documents for their hashes takes some
 * 100 ms, once, at the first index; their texts are not kept, because few are ever asked for.
 */
import { apiVersionOf, type GroupVersion } from '../api/group-version.ts';
import type { JsonObject } from '../api/json.ts';
import { RunningHash } from '../base/hash.ts';
import { type Descriptions, noDescriptions } from './descriptions.ts';
import { builtInPatchTypes, pathsOf, rootOf } from './openapi-operations.ts';
import { ComponentSchemas } from './openapi-schema.ts';
import type { KindRegistry, ResourceInfo } from './registry.ts';
import { packageOf, type Schemas } from './schema.ts';

/** Returns the document of a version, or undefined when nothing of it is served. */
export function openapiDocument(
  registry: KindRegistry,
  schemas: Schemas,
  groupVersion: GroupVersion,
  descriptions: Descriptions = noDescriptions,
): JsonObject | undefined {
  const resources = registry.resourcesOf(groupVersion);
  if (resources.length === 0) return undefined;
  const paths = pathsOf(groupVersion, resources, {
    patchTypes: builtInPatchTypes,
    hasSchema: (kind) => schemas.kind(kind) !== undefined,
  });
  return openapiOf(paths, componentsOf(schemas, resources, descriptions));
}

/** Puts a document together. */
export function openapiOf(paths: JsonObject, schemas: JsonObject): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths,
    components: { schemas },
  };
}

/** Returns the hash of every document by its path below `/openapi/v3/`, in the order of discovery. */
export function openapiHashes(
  registry: KindRegistry,
  schemas: Schemas,
  descriptions: Descriptions = noDescriptions,
): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const groupVersion of versionsOf(registry)) {
    const hash = new RunningHash();
    hash.addText(JSON.stringify(openapiDocument(registry, schemas, groupVersion, descriptions)));
    hashes.set(rootOf(groupVersion).slice(1), hash.digest().toUpperCase());
  }
  return hashes;
}

/** Returns the document at `/openapi/v3`, which leads to all others. */
export function openapiIndex(hashes: ReadonlyMap<string, string>): JsonObject {
  const paths = [...hashes].map(([path, hash]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]);
  return { paths: Object.fromEntries(paths) as JsonObject };
}

function versionsOf(registry: KindRegistry): readonly GroupVersion[] {
  const distinct = new Map(registry.resources.map((info) => [apiVersionOf(info), info]));
  return [...distinct.values()];
}

function componentsOf(schemas: Schemas, resources: readonly ResourceInfo[], descriptions: Descriptions): JsonObject {
  const components = new ComponentSchemas(schemas, descriptions);
  for (const info of resources) {
    components.add(`${packageOf(info.group)}.${info.version}.${info.kind}`, [info]);
    if (info.verbs.includes('list')) components.addList(info);
    for (const { kind } of info.subresources) {
      const struct = `${packageOf(kind.group)}.${kind.version}.${kind.kind}`;
      if (schemas.struct(struct) !== undefined) components.add(struct, [kind]);
    }
  }
  return components.result();
}
