/** pods/binding: the scheduler's decision, which is taken once. Models kubernetes pkg/registry/core/pod/storage BindingREST. */
import type { Flow } from '../actor/flow.ts';
import { invalid, required } from '../api/field-error.ts';
import { isJsonObject, type Mutable } from '../api/json.ts';
import type { AnyObject, ObjectMeta } from '../api/object-meta.ts';
import { badRequest, conflict, invalidObject } from '../api/status-errors.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampSeconds } from '../base/time.ts';
import { writeOptions } from '../http/options.ts';
import type { Binding } from '../kinds/binding/types.ts';
import { decodeObject } from '../kinds/decode.ts';
import type { Pod, PodSpec } from '../kinds/pod/types.ts';
import { type Answer, completeJson } from './answer.ts';
import { bodyOf, type Call } from './call.ts';
import { change, type Decision } from './change.ts';
import type { Environment } from './environment.ts';
import { targetOf } from './update.ts';

const bindingKind = { group: '', version: 'v1', kind: 'Binding' };
export const createdStatus = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

export function* handleBinding(environment: Environment, call: Call): Flow<Answer> {
  const options = writeOptions(call.query, 'CreateOptions');
  const decoded = decodeObject(bodyOf(call, bindingKind), bindingKind, environment.schemas, options.fieldValidation);
  const binding = decoded.object as unknown as Binding;
  checkBinding(binding);
  yield* change(environment, targetOf(call, options.isDryRun), (current) =>
    bind(call, current.decode() as unknown as Pod, binding, environment.stamp.wallMs),
  );
  return completeJson(201, createdStatus);
}

/** POST of a Binding to the collection: the pod is named in the body. */
export function* handleBindingByBody(environment: Environment, call: Call): Flow<Answer> {
  const body = bodyOf(call);
  const metadata = isJsonObject(body) ? body['metadata'] : undefined;
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  if (typeof name !== 'string' || name === '') throw badRequest('name must be provided');
  const served = environment.catalog.mustServe({ group: '', version: 'v1', resource: 'pods' });
  return yield* handleBinding(environment, { ...call, served, request: { ...call.request, name } });
}

function checkBinding(binding: Binding): void {
  const { kind = '', name = '' } = binding.target ?? {};
  const errors = [];
  if (kind !== '' && kind !== 'Node') errors.push(invalid('target.kind', kind, 'must be empty or "Node"'));
  if (name === '') errors.push(required('target.name'));
  if (errors.length > 0) throw invalidObject(bindingKind, binding.metadata.name ?? '', errors);
}

function bind(call: Call, pod: Pod, binding: Binding, wallMs: WallMs): Decision {
  const { name } = call.request;
  const { info } = call.served;
  const uid = binding.metadata.uid ?? '';
  const actualUid = pod.metadata.uid ?? '';
  if (uid !== '' && uid !== actualUid) {
    throw conflict(info, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actualUid}`);
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw conflict(info, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const nodeName = pod.spec.nodeName ?? '';
  if (nodeName !== '')
    throw conflict(info, name, `pod ${name} is already assigned to node ${JSON.stringify(nodeName)}`);
  (pod.spec as Mutable<PodSpec>).nodeName = binding.target.name ?? '';
  const annotations = binding.metadata.annotations ?? {};
  if (Object.keys(annotations).length > 0) {
    const metadata = pod.metadata as Mutable<ObjectMeta>;
    metadata.annotations = { ...metadata.annotations, ...annotations };
  }
  setScheduled(pod, wallMs);
  return { type: 'write', object: pod as unknown as AnyObject };
}

function setScheduled(pod: Pod, wallMs: WallMs): void {
  // Room that was made for the pod is its own now, or not needed any more.
  const status: Mutable<NonNullable<Pod['status']>> = { ...pod.status };
  delete status.nominatedNodeName;
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True' as const, lastTransitionTime: timestampSeconds(wallMs) };
  (pod as Mutable<Pod>).status = { ...status, conditions: [...others, scheduled] } as NonNullable<Pod['status']>;
}
