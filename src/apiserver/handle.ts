/** From a request to the handler that answers it. Refusals are thrown as StatusError and become responses in answer.ts. */
import type { Flow } from '../actor/flow.ts';
import { StatusError } from '../api/status.ts';
import { methodNotAllowed, notServed } from '../api/status-errors.ts';
import { type ResourceInfo, subresourceOf } from '../kinds/registry.ts';
import type { ResourceRequest } from '../protocol/apiserver.ts';
import type { Answer } from './answer.ts';
import { handleApply } from './apply.ts';
import { authorizeRequest } from './authorization.ts';
import { awaitBootstrap } from './await-bootstrap.ts';
import { handleBinding, handleBindingByBody } from './binding.ts';
import { type Call, isApply, queryOf } from './call.ts';
import type { ServedResource } from './catalog.ts';
import { handleCreate } from './create.ts';
import { handleDelete } from './delete.ts';
import { handleDeleteCollection } from './delete-collection.ts';
import type { Environment } from './environment.ts';
import { handleEviction } from './eviction.ts';
import type { Part } from './field-ownership.ts';
import { handleFinalize } from './finalize.ts';
import { handleGet } from './get.ts';
import { identify } from './impersonation.ts';
import { handleList } from './list.ts';
import { handlePublished, isPublished } from './metrics/published-metrics.ts';
import { handleMetricsGet, handleMetricsList } from './metrics/resource-metrics.ts';
import { handlePodLog } from './pod-log.ts';
import { containerResources, ephemeralContainers, handlePatchPart, handleUpdatePart } from './pod-parts.ts';
import { handlePodAttach, handlePodExec, handlePodPortForward } from './pod-session.ts';
import { handleNodeProxy, handlePodProxy, handleServiceProxy } from './proxy.ts';
import { awaitBarrier } from './read-barrier.ts';
import { handleReview, isReview } from './reviews.ts';
import { handleGetScale, handlePatchScale, handleUpdateScale } from './scale.ts';
import { handleTokenRequest } from './tokens/token-request.ts';
import { handlePatch, handleUpdate } from './update.ts';
import { handleWatch } from './watch.ts';

type Handler = (environment: Environment, call: Call) => Flow<Answer>;

/** Each HTTP method goes through a proxy as it is. */
const connectVerbs = ['get', 'create', 'update', 'patch', 'delete'];

/** By verb, and by `SUBRESOURCE verb`; `GROUP/RESOURCE/SUBRESOURCE verb` for those that belong to one resource. */
const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  [' get', handleGet],
  [' list', handleList],
  [' watch', handleWatch],
  [' create', handleCreate],
  [' update', (environment, call) => handleUpdate(environment, call, 'object')],
  [' patch', (environment, call) => handleAnyPatch(environment, call, 'object')],
  [' delete', handleDelete],
  [' deletecollection', handleDeleteCollection],
  ['status get', handleGet],
  ['status update', (environment, call) => handleUpdate(environment, call, 'status')],
  ['status patch', (environment, call) => handleAnyPatch(environment, call, 'status')],
  ['scale get', handleGetScale],
  ['scale update', handleUpdateScale],
  ['scale patch', handlePatchScale],
  ['approval get', handleGet],
  ['approval update', (environment, call) => handleUpdate(environment, call, 'status')],
  ['approval patch', (environment, call) => handleAnyPatch(environment, call, 'status')],
  ['/bindings/ create', handleBindingByBody],
  ['/pods/binding create', handleBinding],
  ['/pods/ephemeralcontainers get', handleGet],
  ['/pods/ephemeralcontainers update', (environment, call) => handleUpdatePart(environment, call, ephemeralContainers)],
  ['/pods/ephemeralcontainers patch', (environment, call) => handlePatchPart(environment, call, ephemeralContainers)],
  ['/pods/resize get', handleGet],
  ['/pods/resize update', (environment, call) => handleUpdatePart(environment, call, containerResources)],
  ['/pods/resize patch', (environment, call) => handlePatchPart(environment, call, containerResources)],
  ['/pods/eviction create', handleEviction],
  ['/pods/log get', handlePodLog],
  ['/pods/exec get', handlePodExec],
  ['/pods/exec create', handlePodExec],
  ['/pods/attach get', handlePodAttach],
  ['/pods/attach create', handlePodAttach],
  ['/pods/portforward get', handlePodPortForward],
  ['/pods/portforward create', handlePodPortForward],
  ...connectVerbs.flatMap((verb): [string, Handler][] => [
    [`/pods/proxy ${verb}`, handlePodProxy],
    [`/services/proxy ${verb}`, handleServiceProxy],
    [`/nodes/proxy ${verb}`, handleNodeProxy],
  ]),
  ['/serviceaccounts/token create', handleTokenRequest],
  ['/namespaces/finalize update', handleFinalize],
  ['metrics.k8s.io/nodes/ get', handleMetricsGet],
  ['metrics.k8s.io/nodes/ list', handleMetricsList],
  ['metrics.k8s.io/pods/ get', handleMetricsGet],
  ['metrics.k8s.io/pods/ list', handleMetricsList],
]);

function handleAnyPatch(environment: Environment, call: Call, part: Part): Flow<Answer> {
  return isApply(call) ? handleApply(environment, call, part) : handlePatch(environment, call, part);
}

/** Answers a resource request. Throws StatusError. */
export function* handleResource(environment: Environment, request: ResourceRequest): Flow<Answer> {
  const user = yield* identify(environment, request);
  yield* authorizeRequest(environment, user, request);
  if (isPublished(request)) return yield* handlePublished(environment, request);
  const served = environment.catalog.served(request) ?? (yield* servedLately(environment, request));
  const { group, resource, subresource, verb } = request;
  checkScope(request, served.info.isNamespaced);
  checkVerb(served, request);
  const handler = isReview(group, resource)
    ? handleReview
    : (handlers.get(`${group}/${resource}/${subresource} ${verb}`) ?? handlers.get(`${subresource} ${verb}`));
  if (handler === undefined) throw notServed();
  if (verb === 'create') yield* awaitBootstrap(environment);
  if (served.stored === environment.catalog.definitions && isWrite(verb)) {
    environment.definitionWriteAtMs = environment.stamp.monotonicMs;
  }
  const answer = yield* handler(environment, { request, served, user, query: queryOf(request) });
  const warning = served.custom === null ? null : served.custom.version.warning;
  return warning === null ? answer : withWarning(answer, warning);
}

/** A definition that another API server has acknowledged may not be in this cache yet; only groups with a dot can have one. */
function* servedLately(environment: Environment, request: ResourceRequest): Flow<ServedResource> {
  if (request.group.includes('.')) {
    yield* awaitBarrier(environment);
    const served = environment.catalog.served(request);
    if (served !== undefined) return served;
  }
  throw notServed();
}

function isWrite(verb: ResourceRequest['verb']): boolean {
  return verb !== 'get' && verb !== 'list' && verb !== 'watch';
}

function withWarning(answer: Answer, warning: string): Answer {
  if (answer.type !== 'complete') return answer;
  const { response } = answer;
  return { ...answer, response: { ...response, warnings: [warning, ...response.warnings] } };
}

/** A path with a namespace where there is none, or without one where one must be, leads nowhere. */
function checkScope(request: ResourceRequest, isNamespaced: boolean): void {
  const { resource, namespace, name, verb } = request;
  if (!isNamespaced) {
    if (namespace !== '' && resource !== 'namespaces') throw notServed();
    return;
  }
  if (namespace === '' && (name !== '' || verb === 'create')) throw notServed();
}

function checkVerb({ info, custom }: ServedResource, { subresource, verb }: ResourceRequest): void {
  if (custom?.version.isTerminating === true) {
    // What is there may still be changed, so that finalizers can go.
    if (verb !== 'create') return checkSubresource(info, subresource);
    const error = methodNotAllowed(info, verb);
    const message = `${verb} not allowed while custom resource definition is terminating`;
    throw new StatusError(405, 'MethodNotAllowed', message, error.status.details);
  }
  if (subresource === '') {
    if (!info.verbs.includes(verb)) throw methodNotAllowed(info, verb);
    return;
  }
  const found = subresourceOf(info, subresource);
  if (found === undefined) throw notServed();
  if (!found.verbs.includes(verb)) throw methodNotAllowed(info, verb);
}

function checkSubresource(info: ResourceInfo, subresource: string): void {
  if (subresource !== '' && subresourceOf(info, subresource) === undefined) throw notServed();
}
