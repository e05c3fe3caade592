/** The scale subresource: how many replicas there are and shall be, in one form for every kind that has replicas. */
import type { Flow } from '../actor/flow.ts';
import { invalid } from '../api/field-error.ts';
import { apiVersionOf } from '../api/group-version.ts';
import type { Json, JsonObject, Mutable } from '../api/json.ts';
import { applyJsonPatch } from '../api/json-patch.ts';
import {
  compileLabelSelector,
  formatLabelSelector,
  type LabelSelectorSpec,
  labelSelectorOfMap,
} from '../api/label-selector.ts';
import { mergeConfiguration } from '../api/managed-fields/merge.ts';
import { applyMergePatch } from '../api/merge-patch.ts';
import type { AnyObject, KubeObject, StringMap } from '../api/object-meta.ts';
import { badRequest, conflict, invalidObject, unprocessablePatch } from '../api/status-errors.ts';
import { must } from '../base/assert.ts';
import { utf8, utf8Text } from '../base/bytes.ts';
import { patchOptions, writeOptions } from '../http/options.ts';
import { setValueAt, valueAt } from '../kinds/customresource/version.ts';
import { decodeObject } from '../kinds/decode.ts';
import { type Answer, complete } from './answer.ts';
import { applied } from './apply.ts';
import { configurationOf } from './apply-body.ts';
import type { CacheEntry } from './cache-entry.ts';
import { bodyOf, type Call, isApply, patchTypeOf } from './call.ts';
import type { ServedResource } from './catalog.ts';
import { change, type Decision } from './change.ts';
import type { Environment } from './environment.ts';
import { type Ownership, updateBy } from './field-ownership.ts';
import { readEntry } from './get.ts';
import { decideUpdate, targetOf } from './update.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas: number; readonly selector?: string };
}

interface Scalable extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly selector?: unknown };
  readonly status?: { readonly replicas?: number };
}

export function* handleGetScale(environment: Environment, call: Call): Flow<Answer> {
  const entry = yield* readEntry(environment, call);
  return answerScale(call, entry.bytes);
}

export function* handleUpdateScale(environment: Environment, call: Call): Flow<Answer> {
  const options = writeOptions(call.query, 'UpdateOptions');
  const body = bodyOf(call, scaleKind);
  const decoded = decodeObject(body, scaleKind, environment.schemas, options.fieldValidation);
  const ownership = updateBy(call, options.fieldManager, body);
  const changed = yield* change(environment, targetOf(call, options.isDryRun), (current) =>
    decideScale(environment, call, current, decoded.object as Scale, ownership),
  );
  return answerScale(call, must(changed.type === 'absent' ? undefined : changed.bytes, 'a scaled object'));
}

/**
 * Who applies a scale applies the replicas of the object behind it, which is where owners are noted.
 * Models apimachinery pkg/util/managedfields/scalehandler.go.
 */
function* handleApplyScale(environment: Environment, call: Call): Flow<Answer> {
  const options = patchOptions(call.query, 'applyPatch');
  const { configuration, warnings } = configurationOf(call, scaleKind, environment.shapes, options);
  const stored = storedAsServed(call);
  const target = { ...targetOf(call, options.isDryRun), served: stored };
  const changed = yield* change(environment, target, (current) => {
    const scale = mergeConfiguration(
      environment.shapes.kind(scaleKind),
      asTree(scaleOf(call, current.decode() as Scalable)),
      configuration,
    );
    checkScale(call, decodeObject(scale, scaleKind, environment.schemas, 'Ignore').object as Scale, current);
    const { object, entries } = applied(
      environment,
      { ...call, served: stored },
      options,
      parentOf(call, configuration),
      current.decode(),
      'object',
    );
    return decideUpdate(environment, target, current, object, 'object', { type: 'applied', entries });
  });
  return answerScale(call, must(changed.type === 'absent' ? undefined : changed.bytes, 'a scaled object'), warnings);
}

export function* handlePatchScale(environment: Environment, call: Call): Flow<Answer> {
  if (isApply(call)) return yield* handleApplyScale(environment, call);
  const type = patchTypeOf(call);
  const options = patchOptions(call.query, type === 'json' ? 'jsonPatch' : 'mergePatch');
  const patch = bodyOf(call);
  const changed = yield* change(environment, targetOf(call, options.isDryRun), (current) => {
    const scale = asTree(scaleOf(call, current.decode() as Scalable));
    const patched = type === 'json' ? jsonPatched(scale, patch) : applyMergePatch(scale, patch);
    const decoded = decodeObject(patched, scaleKind, environment.schemas, options.fieldValidation);
    const ownership = updateBy(call, options.fieldManager, patched);
    return decideScale(environment, call, current, decoded.object as Scale, ownership);
  });
  return answerScale(call, must(changed.type === 'absent' ? undefined : changed.bytes, 'a scaled object'));
}

function jsonPatched(scale: JsonObject, patch: Json): Json {
  const result = applyJsonPatch(scale, patch);
  if (result.type === 'patched') return result.value;
  throw result.type === 'malformed' ? badRequest(result.message) : unprocessablePatch(result.message);
}

function decideScale(
  environment: Environment,
  call: Call,
  current: CacheEntry,
  scale: Scale,
  ownership: Ownership,
): Decision {
  checkScale(call, scale, current);
  const { name, fence } = call.request;
  const object = current.decode() as Scalable;
  setReplicas(call, object, scale.spec?.replicas ?? 0);
  return decideUpdate(
    environment,
    { served: storedAsServed(call), namespace: current.namespace, name, fence, isDryRun: false },
    current,
    object as AnyObject,
    'object',
    ownership,
  );
}

/** Throws StatusError BadRequest, Invalid or Conflict. */
function checkScale(call: Call, scale: Scale, current: CacheEntry): void {
  const { name } = call.request;
  const replicas = scale.spec?.replicas ?? 0;
  if ((scale.metadata.name ?? '') !== name) {
    throw badRequest(
      `the name of the object (${scale.metadata.name ?? ''}) does not match the name on the URL (${name})`,
    );
  }
  if (replicas < 0) {
    const detail = 'must be greater than or equal to 0';
    throw invalidObject(scaleKind, name, [invalid('spec.replicas', replicas, detail)]);
  }
  const { resourceVersion = '' } = scale.metadata;
  if (resourceVersion !== '' && resourceVersion !== String(current.revision)) throw conflict(call.served.info, name);
}

/** The object behind a scale, in the version in which it is stored. */
function storedAsServed({ served }: Call): ServedResource {
  return { ...served, info: served.stored.info, isConverted: false };
}

/** Returns what a scale says about the object behind it. */
function parentOf(call: Call, { metadata, spec }: JsonObject): JsonObject {
  const { info } = call.served.stored;
  const { name, namespace, uid, resourceVersion } = (metadata ?? {}) as KubeObject['metadata'];
  const { replicas } = (spec ?? {}) as NonNullable<Scale['spec']>;
  const parent = {
    apiVersion: apiVersionOf(info),
    kind: info.kind,
    metadata: { name, namespace, uid, resourceVersion },
  };
  // The way through text drops what is undefined.
  const tree = JSON.parse(JSON.stringify(parent)) as JsonObject;
  if (replicas !== undefined) setReplicas(call, tree as unknown as Scalable, replicas);
  return tree;
}

function asTree(object: object): JsonObject {
  return object as unknown as JsonObject;
}

function setReplicas({ served }: Call, object: Scalable, replicas: number): void {
  const path = served.custom?.version.scale?.specReplicasPath;
  if (path === undefined) (object as Mutable<Scalable>).spec = { ...object.spec, replicas };
  else setValueAt(asTree(object), path.slice(1).split('.'), replicas);
}

function answerScale(call: Call, bytes: Uint8Array, warnings: readonly string[] = []): Answer {
  return complete(200, utf8(JSON.stringify(scaleOf(call, JSON.parse(utf8Text(bytes)) as Scalable))), warnings);
}

/** What the paths of a custom kind lead to, or what built-in kinds have. */
function replicasOf({ served }: Call, object: Scalable): { spec: number; status: number; selector: string } {
  const paths = served.custom?.version.scale;
  if (paths === undefined) {
    return {
      spec: object.spec?.replicas ?? 0,
      status: object.status?.replicas ?? 0,
      selector: selectorText(object),
    };
  }
  const numberAt = (path: string): number => {
    const value = valueAt(object, path);
    return typeof value === 'number' ? value : 0;
  };
  const selector = valueAt(object, paths.labelSelectorPath ?? '');
  return {
    spec: numberAt(paths.specReplicasPath),
    status: numberAt(paths.statusReplicasPath),
    selector: typeof selector === 'string' ? selector : '',
  };
}

function scaleOf(call: Call, object: Scalable): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { spec: replicas, status, selector } = replicasOf(call, object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: JSON.parse(
      JSON.stringify({ name, namespace, uid, resourceVersion, creationTimestamp }),
    ) as KubeObject['metadata'],
    spec: { replicas },
    status: { replicas: status, ...(selector === '' ? {} : { selector }) },
  };
}

/** A ReplicationController selects by a plain map. */
function selectorText({ kind, spec }: Scalable): string {
  if (spec?.selector === undefined) return '';
  const selector =
    kind === 'ReplicationController'
      ? labelSelectorOfMap(spec.selector as StringMap)
      : compileLabelSelector(spec.selector as LabelSelectorSpec);
  return formatLabelSelector(selector);
}
