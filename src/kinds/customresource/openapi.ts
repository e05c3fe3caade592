/**
 * OpenAPI documents of custom kinds: their schemas as the definitions have them, descriptions and all, so that `kubectl explain` tells what
 * the author wrote. Models apiextensions-apiserver pkg/controller/openapi/builder.
 */
import type { GroupVersion } from '../../api/group-version.ts';
import { fieldOf, isJsonObject, type JsonObject } from '../../api/json.ts';
import { RunningHash } from '../../base/hash.ts';
import { openapiOf } from '../openapi.ts';
import { customPatchTypes, pathsOf } from '../openapi-operations.ts';
import { ComponentSchemas, componentName, componentOfKind, kindEntry, reference } from '../openapi-schema.ts';
import type { Schemas } from '../schema.ts';
import type { CustomVersion } from './version.ts';

const typeFields: JsonObject = {
  apiVersion: {
    description:
      'APIVersion names the version of the schema that this object is written in; servers may show it in another one.',
    type: 'string',
  },
  kind: { description: 'Kind names what this object is, in CamelCase; it cannot be changed.', type: 'string' },
};

/** Returns the document of a version that has custom kinds only. */
export function customDocument(
  groupVersion: GroupVersion,
  versions: readonly CustomVersion[],
  schemas: Schemas,
): JsonObject {
  const components = new ComponentSchemas(schemas);
  components.add('meta.v1.ObjectMeta');
  for (const version of versions) {
    components.addTree(componentOfKind(version.info), schemaOf(version));
    components.addList(version.info);
    for (const { kind } of version.info.subresources) {
      if (kind.group === 'autoscaling') components.add('autoscaling.v1.Scale', [kind]);
    }
  }
  const infos = versions.map(({ info }) => info);
  const paths = pathsOf(groupVersion, infos, { patchTypes: customPatchTypes, hasSchema: () => true });
  return openapiOf(paths, components.result());
}

/** Returns the hash of such a document: of the states of the definitions that it is made from, which is quicker than of all they say. */
export function customHash(versions: readonly CustomVersion[]): string {
  const hash = new RunningHash();
  for (const { info, epoch, isTerminating } of versions) {
    hash.addText(`${info.resource} ${info.kind} ${epoch} ${isTerminating} 1;`);
  }
  return hash.digest().toUpperCase();
}

function schemaOf(version: CustomVersion): JsonObject {
  const tree = version.schemaTree();
  const properties = fieldOf(tree, 'properties');
  const own = isJsonObject(properties) ? properties : {};
  const metadata = {
    default: {},
    description: 'Standard object metadata.',
    allOf: [reference(componentName('meta.v1.ObjectMeta'))],
  };
  return {
    ...tree,
    properties: { ...typeFields, ...own, metadata },
    'x-kubernetes-group-version-kind': [kindEntry(version.info)],
  };
}
