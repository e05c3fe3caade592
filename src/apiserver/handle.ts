/** From a request to the handler that answers it. Refusals are thrown as StatusError and become responses in answer.ts. */
import type { Flow } from '../actor/flow.ts';
import { methodNotAllowed, notServed } from '../api/status-errors.ts';
import { type ResourceInfo, subresourceOf } from '../kinds/registry.ts';
import type { ResourceRequest } from '../protocol/apiserver.ts';
import type { Answer } from './answer.ts';
import { authorizeRequest } from './authorization.ts';
import { awaitBootstrap } from './await-bootstrap.ts';
import { handleBinding, handleBindingByBody } from './binding.ts';
import { type Call, queryOf } from './call.ts';
import { handleCreate } from './create.ts';
import { handleDelete } from './delete.ts';
import { handleDeleteCollection } from './delete-collection.ts';
import type { Environment } from './environment.ts';
import { handleEviction } from './eviction.ts';
import { handleFinalize } from './finalize.ts';
import { handleGet } from './get.ts';
import { identify } from './impersonation.ts';
import { handleList } from './list.ts';
import { handlePodLog } from './pod-log.ts';
import { handlePatchPart, handleUpdatePart, takeEphemeralContainers, takeResources } from './pod-parts.ts';
import { handleReview, isReview } from './reviews.ts';
import { handleGetScale, handlePatchScale, handleUpdateScale } from './scale.ts';
import { handleTokenRequest } from './tokens/token-request.ts';
import { handlePatch, handleUpdate } from './update.ts';
import { handleWatch } from './watch.ts';

type Handler = (environment: Environment, call: Call) => Flow<Answer>;

/** By verb, and by `SUBRESOURCE verb`; `GROUP/RESOURCE/SUBRESOURCE verb` for those that belong to one resource. */
const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  [' get', handleGet],
  [' list', handleList],
  [' watch', handleWatch],
  [' create', handleCreate],
  [' update', (environment, call) => handleUpdate(environment, call, 'object')],
  [' patch', (environment, call) => handlePatch(environment, call, 'object')],
  [' delete', handleDelete],
  [' deletecollection', handleDeleteCollection],
  ['status get', handleGet],
  ['status update', (environment, call) => handleUpdate(environment, call, 'status')],
  ['status patch', (environment, call) => handlePatch(environment, call, 'status')],
  ['scale get', handleGetScale],
  ['scale update', handleUpdateScale],
  ['scale patch', handlePatchScale],
  ['approval get', handleGet],
  ['approval update', (environment, call) => handleUpdate(environment, call, 'status')],
  ['approval patch', (environment, call) => handlePatch(environment, call, 'status')],
  ['/bindings/ create', handleBindingByBody],
  ['/pods/binding create', handleBinding],
  ['/pods/ephemeralcontainers get', handleGet],
  [
    '/pods/ephemeralcontainers update',
    (environment, call) => handleUpdatePart(environment, call, takeEphemeralContainers),
  ],
  [
    '/pods/ephemeralcontainers patch',
    (environment, call) => handlePatchPart(environment, call, takeEphemeralContainers),
  ],
  ['/pods/resize get', handleGet],
  ['/pods/resize update', (environment, call) => handleUpdatePart(environment, call, takeResources)],
  ['/pods/resize patch', (environment, call) => handlePatchPart(environment, call, takeResources)],
  ['/pods/eviction create', handleEviction],
  ['/pods/log get', handlePodLog],
  ['/serviceaccounts/token create', handleTokenRequest],
  ['/namespaces/finalize update', handleFinalize],
]);

/** Answers a resource request. Throws StatusError. */
export function* handleResource(environment: Environment, request: ResourceRequest): Flow<Answer> {
  const user = yield* identify(environment, request);
  yield* authorizeRequest(environment, user, request);
  const served = environment.catalog.served(request);
  if (served === undefined) throw notServed();
  const { group, resource, subresource, verb } = request;
  checkScope(request, served.info.isNamespaced);
  checkVerb(served.info, request);
  const handler = isReview(group, resource)
    ? handleReview
    : (handlers.get(`${group}/${resource}/${subresource} ${verb}`) ?? handlers.get(`${subresource} ${verb}`));
  if (handler === undefined) throw notServed();
  if (verb === 'create') yield* awaitBootstrap(environment);
  return yield* handler(environment, { request, served, user, query: queryOf(request.parameters) });
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

function checkVerb(info: ResourceInfo, { subresource, verb }: ResourceRequest): void {
  if (subresource === '') {
    if (!info.verbs.includes(verb)) throw methodNotAllowed(info, verb);
    return;
  }
  const found = subresourceOf(info, subresource);
  if (found === undefined) throw notServed();
  if (!found.verbs.includes(verb)) throw methodNotAllowed(info, verb);
}
