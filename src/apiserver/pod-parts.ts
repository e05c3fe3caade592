/**
 * pods/ephemeralcontainers and pods/resize: the two parts of a running pod's spec that have a door of their own, because the rest of it never
 * changes. Models kubernetes pkg/registry/core/pod strategies of the same names.
 */
import type { Flow } from '../actor/flow.ts';
import { forbiddenField } from '../api/field-error.ts';
import { equalSemantic, type JsonObject, type Mutable } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { conflict, invalidObject } from '../api/status-errors.ts';
import { patchOptions, writeOptions } from '../http/options.ts';
import { decodeObject } from '../kinds/decode.ts';
import type { Container, Pod, PodSpec } from '../kinds/pod/types.ts';
import { validatePod } from '../kinds/pod/validate.ts';
import { validateResize } from '../kinds/pod/validate-resize.ts';
import { admitPodResize } from './admission/resize.ts';
import type { Answer } from './answer.ts';
import { applied } from './apply.ts';
import { configurationOf } from './apply-body.ts';
import type { CacheEntry } from './cache-entry.ts';
import { bodyOf, type Call, isApply, patchTypeOf } from './call.ts';
import type { ServedResource } from './catalog.ts';
import { type Changed, change, type Decide, type Decision } from './change.ts';
import type { Environment } from './environment.ts';
import { entriesAfter, type Ownership, settleManagedFields, updateBy } from './field-ownership.ts';
import { readEntry } from './get.ts';
import { answerChanged, applyPatch, targetOf } from './update.ts';

/** Takes the part over from `wanted` into `pod`, which the caller owns. Throws StatusError Invalid. */
type TakePart = (pod: Pod, wanted: Pod) => void;

interface Part {
  readonly take: TakePart;
  /** Throws StatusError Forbidden when a rule refuses the change. */
  readonly admit?: (
    environment: Environment,
    served: ServedResource,
    next: AnyObject,
    old: AnyObject,
    isDryRun: boolean,
  ) => Flow<void>;
}

/** What is there stays as it is: there is no way to stop an ephemeral container. */
const takeEphemeralContainers: TakePart = (pod, wanted) => {
  const before = pod.spec.ephemeralContainers ?? [];
  const after = wanted.spec.ephemeralContainers ?? [];
  const errors = before.flatMap((container) => {
    const next = after.find(({ name }) => name === container.name);
    const text = `existing ephemeral containers "${container.name}" may not be`;
    if (next === undefined) return forbiddenField('spec.ephemeralContainers', `${text} removed`);
    return equalSemantic(next, container) ? [] : forbiddenField('spec.ephemeralContainers', `${text} changed`);
  });
  if (errors.length > 0) refuse(pod, errors);
  (pod.spec as Mutable<PodSpec>).ephemeralContainers = after;
};

/** Everything else of the spec stays as it is, also what the request has of its own. */
const takeResources: TakePart = (pod, wanted) => {
  const errors = validateResize(wanted, pod);
  if (errors.length > 0) refuse(pod, errors);
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (pod.spec[list] ?? []).entries()) {
      const resources = wanted.spec[list]?.[index]?.resources;
      if (resources !== undefined) (container as Mutable<Container>).resources = resources;
    }
  }
};

export const ephemeralContainers: Part = { take: takeEphemeralContainers };
export const containerResources: Part = { take: takeResources, admit: admitPodResize };

export function* handleUpdatePart(environment: Environment, call: Call, part: Part): Flow<Answer> {
  const options = writeOptions(call.query, 'UpdateOptions');
  const body = bodyOf(call);
  const { object } = decodeObject(body, call.served.info, environment.schemas, options.fieldValidation);
  const ownership = updateBy(call, options.fieldManager, body);
  const changed = yield* changePart(environment, call, options.isDryRun, part, (current) =>
    decidePart(environment, call, current, object, part, ownership),
  );
  return answerChanged(environment, call, changed);
}

function* handleApplyPart(environment: Environment, call: Call, part: Part): Flow<Answer> {
  const options = patchOptions(call.query, 'applyPatch');
  const { configuration, warnings } = configurationOf(call, call.served.info, environment.shapes, options);
  const changed = yield* changePart(environment, call, options.isDryRun, part, (current) => {
    const { object, entries } = applied(environment, call, options, configuration, current.decode(), 'object');
    return decidePart(environment, call, current, object, part, { type: 'applied', entries });
  });
  return answerChanged(environment, call, changed, warnings);
}

export function* handlePatchPart(environment: Environment, call: Call, part: Part): Flow<Answer> {
  if (isApply(call)) return yield* handleApplyPart(environment, call, part);
  const type = patchTypeOf(call);
  const options = patchOptions(call.query, type === 'json' ? 'jsonPatch' : 'mergePatch');
  const patch = bodyOf(call);
  const { info } = call.served;
  const changed = yield* changePart(environment, call, options.isDryRun, part, (current) => {
    const tree = current.object as unknown as JsonObject;
    const patched = applyPatch(environment, call, type, tree, patch);
    const { object } = decodeObject(patched, info, environment.schemas, options.fieldValidation);
    return decidePart(environment, call, current, object, part, updateBy(call, options.fieldManager, patched));
  });
  return answerChanged(environment, call, changed);
}

/** What is asked of others before the change is asked of the pod as it is at that moment. */
function* changePart(
  environment: Environment,
  call: Call,
  isDryRun: boolean,
  { admit }: Part,
  decide: Decide,
): Flow<Changed> {
  if (admit !== undefined) {
    const current = yield* readEntry(environment, call);
    const decision = decide(current);
    if (decision.type === 'write') yield* admit(environment, call.served, decision.object, current.decode(), isDryRun);
  }
  return yield* change(environment, targetOf(call, isDryRun), decide);
}

function decidePart(
  environment: Environment,
  { served }: Call,
  current: CacheEntry,
  wanted: AnyObject,
  { take }: Part,
  ownership: Ownership,
): Decision {
  const { resourceVersion = '' } = wanted.metadata;
  if (resourceVersion !== '' && resourceVersion !== String(current.revision)) throw conflict(served.info, current.name);
  const object = current.decode();
  const pod = object as unknown as Pod;
  const old = current.object;
  served.strategy.setDefaults(wanted);
  take(pod, wanted as unknown as Pod);
  served.strategy.setDefaults(object);
  served.strategy.prepareForUpdate(object, old);
  const errors = validatePod(pod);
  if (errors.length > 0) refuse(pod, errors);
  settleManagedFields(object, old, entriesAfter(environment, served, old, object, ownership, 'object'));
  return { type: 'write', object };
}

function refuse(pod: Pod, errors: Parameters<typeof invalidObject>[2]): never {
  throw invalidObject({ group: '', kind: 'Pod' }, pod.metadata.name ?? '', errors);
}
