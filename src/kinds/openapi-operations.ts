/**
 * The paths of an OpenAPI document: which operations each resource has, on which kind, with which parameters.
 *
 * kubectl looks here for one thing before all others: whether PATCH of a kind takes `fieldValidation`. If it does, the server checks
 * fields, and kubectl validates nothing itself. Models the documents of kubernetes api/openapi-spec/v3.
 */
import type { GroupVersion, GroupVersionKind } from '../api/group-version.ts';
import type { JsonObject } from '../api/json.ts';
import { componentOfKind, kindEntry, reference } from './openapi-schema.ts';
import type { ResourceInfo, SubresourceInfo, Verb } from './registry.ts';

type Target = 'collection' | 'object';

interface Operation {
  readonly verb: Verb;
  readonly method: string;
  readonly target: Target;
  readonly action: string;
}

const operations: readonly Operation[] = [
  { verb: 'list', method: 'get', target: 'collection', action: 'list' },
  { verb: 'create', method: 'post', target: 'collection', action: 'post' },
  { verb: 'deletecollection', method: 'delete', target: 'collection', action: 'deletecollection' },
  { verb: 'get', method: 'get', target: 'object', action: 'get' },
  { verb: 'update', method: 'put', target: 'object', action: 'put' },
  { verb: 'patch', method: 'patch', target: 'object', action: 'patch' },
  { verb: 'delete', method: 'delete', target: 'object', action: 'delete' },
];
const writes: ReadonlySet<string> = new Set(['post', 'put', 'patch']);
export const customPatchTypes: readonly string[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];
export const builtInPatchTypes: readonly string[] = [...customPatchTypes, 'application/strategic-merge-patch+json'];

/** What differs between built-in and custom kinds. */
export interface PathOptions {
  readonly patchTypes: readonly string[];
  /** Paths of kinds without a schema are left out. */
  readonly hasSchema: (kind: GroupVersionKind) => boolean;
}

/** Returns where the resources of a version are served: `/api/v1`, `/apis/apps/v1`. */
export function rootOf({ group, version }: GroupVersion): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Returns all paths of a version's resources; what has no schema is left out, such as the upgrade of a connection. */
export function pathsOf(
  groupVersion: GroupVersion,
  resources: readonly ResourceInfo[],
  options: PathOptions,
): JsonObject {
  const { patchTypes, hasSchema } = options;
  const paths: JsonObject = {};
  for (const info of resources) {
    const root = rootOf(groupVersion);
    const scope = info.isNamespaced ? `${root}/namespaces/{namespace}` : root;
    const collection = `${scope}/${info.resource}`;
    addPath(paths, collection, operationsAt(info, info, info.verbs, 'collection', patchTypes));
    if (info.isNamespaced)
      addPath(paths, `${root}/${info.resource}`, operationsAt(info, info, ['list'], 'collection', patchTypes));
    addPath(paths, `${collection}/{name}`, operationsAt(info, info, info.verbs, 'object', patchTypes));
    for (const subresource of info.subresources) {
      if (!hasSchema(subresource.kind)) continue;
      addPath(paths, `${collection}/{name}/${subresource.name}`, operationsOn(info, subresource, patchTypes));
    }
  }
  return paths;
}

function addPath(paths: JsonObject, path: string, found: JsonObject): void {
  if (Object.keys(found).length === 0) return;
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', uniqueItems: true },
  }));
  paths[path] = { ...found, ...(named.length === 0 ? {} : { parameters: named }) };
}

function operationsAt(
  info: ResourceInfo,
  kind: GroupVersionKind,
  verbs: readonly Verb[],
  at: Target,
  patchTypes: readonly string[],
): JsonObject {
  const found = operations.filter(
    ({ verb, target }) => target === at && verbs.includes(verb) && info.verbs.includes(verb),
  );
  return Object.fromEntries(
    found.map((operation) => [operation.method, operationOf(info, kind, operation, patchTypes)]),
  );
}

/** A subresource hangs below an object, so its creation is a POST there. */
function operationsOn(info: ResourceInfo, { kind, verbs }: SubresourceInfo, patchTypes: readonly string[]): JsonObject {
  const found = operations.filter(
    ({ verb, target }) => verbs.includes(verb) && (target === 'object' || verb === 'create'),
  );
  return Object.fromEntries(
    found.map((operation) => [operation.method, operationOf(info, kind, operation, patchTypes)]),
  );
}

function operationOf(
  info: ResourceInfo,
  kind: GroupVersionKind,
  { verb, method, action }: Operation,
  patchTypes: readonly string[],
): JsonObject {
  const isWrite = writes.has(method);
  const schema = reference(verb === 'list' ? `${componentOfKind(kind)}List` : componentOfKind(kind));
  const answer = verb.startsWith('delete') ? {} : { content: { 'application/json': { schema } } };
  return {
    tags: [tagOf(info)],
    ...(isWrite ? { parameters: writeParameters(method), requestBody: requestBody(method, schema, patchTypes) } : {}),
    responses: { [method === 'post' ? '201' : '200']: { description: 'OK', ...answer } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kindEntry(kind),
  };
}

function requestBody(method: string, schema: JsonObject, patchTypes: readonly string[]): JsonObject {
  if (method !== 'patch') return { content: { '*/*': { schema } }, required: true };
  const anything = { schema: { type: 'object' } };
  return { content: Object.fromEntries(patchTypes.map((type) => [type, anything])), required: true };
}

function writeParameters(method: string): JsonObject[] {
  const names = ['dryRun', 'fieldManager', 'fieldValidation'];
  const parameters: JsonObject[] = names.map((name) => query(name, 'string'));
  return method === 'patch' ? [...parameters, query('force', 'boolean')] : parameters;
}

function query(name: string, type: string): JsonObject {
  return { name, in: 'query', schema: { type, uniqueItems: true } };
}

/** `apps_v1`, `core_v1`, `rbacAuthorization_v1`. */
function tagOf({ group, version }: GroupVersion): string {
  const [first = '', ...rest] = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split('.');
  return `${first}${rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}_${version}`;
}
