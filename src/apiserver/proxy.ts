/**
 * pods/proxy, services/proxy and nodes/proxy: which port of which pod is meant, or what a node's kubelet says. A connection to a port is a session with
 * the kubelet, as that of portforward; what HTTP says on it is the gateway's affair.
 * Models kubernetes pkg/registry/core/pod/strategy.go ResourceLocation, pkg/registry/core/service/storage/storage.go ResourceLocation and
 * pkg/registry/core/node/strategy.go ResourceLocation.
 */
import { ask, type Flow } from '../actor/flow.ts';
import { everyField } from '../api/field-selector.ts';
import { labelSelectorOfMap } from '../api/label-selector.ts';
import { badRequest, notFound, serviceUnavailable } from '../api/status-errors.ts';
import { type ForwardName, parseForwardName } from '../http/forwarding.ts';
import type { EndpointSlice } from '../kinds/endpointslice/types.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { Service } from '../kinds/service/types.ts';
import type { KubeletProtocol } from '../protocol/kubelet.ts';
import type { Answer } from './answer.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { Call } from './call.ts';
import type { Environment } from './environment.ts';
import { freshen } from './get.ts';
import { kubeletPort, nodeProxyTimeoutMs } from './limits.ts';
import { choosePort, endpointsAt, firstPort } from './proxy-endpoint.ts';
import { selectionOf } from './selection.ts';

const core = { group: '', version: 'v1' };
const pods = { ...core, resource: 'pods' };
const slices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };

export function* handlePodProxy(environment: Environment, call: Call): Flow<Answer> {
  const { name, port } = nameOf(call, 'pod');
  const pod = (yield* readNamed(environment, call, name)).decode() as unknown as Pod;
  return connectionTo(pod, port === '' ? firstPort(pod) : numbered(port));
}

export function* handleServiceProxy(environment: Environment, call: Call): Flow<Answer> {
  const asked = nameOf(call, 'service');
  const service = (yield* readNamed(environment, call, asked.name)).decode() as unknown as Service;
  const port = choosePort(service, asked.port);
  const { namespace } = call.request;
  const found = endpointsAt(slicesOf(environment, namespace, asked.name), port);
  const offset = found.length === 0 ? 0 : environment.random.integer(0, found.length - 1);
  const { stored } = environment.catalog.mustServe(pods);
  for (const { uid, name, port } of [...found.slice(offset), ...found.slice(0, offset)]) {
    const pod = environment.cache.get(stored, namespace, name)?.decode() as unknown as Pod | undefined;
    // An endpoint may outlive its pod for a moment.
    if (pod !== undefined && (uid === '' || pod.metadata.uid === uid)) return connectionTo(pod, port);
  }
  throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(call.request.name)}`);
}

/** A kubelet listens to messages only: what its port would serve, it answers. */
export function* handleNodeProxy(environment: Environment, call: Call): Flow<Answer> {
  const { name, port } = nameOf(call, 'node');
  yield* readNamed(environment, call, name);
  if (port !== '' && port !== String(kubeletPort))
    throw unreachable(`dial tcp ${name}:${port}: connect: connection refused`);
  const { verb, subpath = '', parameters } = call.request;
  const request = { verb, path: `/${subpath}`, parameters };
  const to = `${name}/kubelet`;
  const outcome = yield* ask<KubeletProtocol['asks'], 'page'>(to, 'page', request, nodeProxyTimeoutMs);
  if (outcome.type === 'failed') throw unreachable('the kubelet of the node does not answer');
  const { status, contentType, bytes } = outcome.reply;
  return { type: 'complete', response: { status, contentType, bytes, warnings: [], headers: {} } };
}

/** Throws StatusError BadRequest. */
function nameOf({ request }: Call, kind: string): ForwardName {
  const name = parseForwardName(request.name);
  if (name === null) throw badRequest(`invalid ${kind} request ${JSON.stringify(request.name)}`);
  return name;
}

/** Reads what is named without scheme and port. Throws StatusError NotFound. */
function* readNamed(environment: Environment, { served, request }: Call, name: string): Flow<CacheEntry> {
  yield* freshen(environment, '');
  const namespace = served.info.isNamespaced ? request.namespace : '';
  const entry = environment.cache.get(served.stored, namespace, name);
  if (entry === undefined) throw notFound(served.info, name);
  return entry;
}

function slicesOf(environment: Environment, namespace: string, service: string): readonly EndpointSlice[] {
  const labels = labelSelectorOfMap({ 'kubernetes.io/service-name': service });
  const found: EndpointSlice[] = [];
  const { stored } = environment.catalog.mustServe(slices);
  environment.cache.scan(stored, selectionOf(namespace, '', labels, everyField), null, (entry) => {
    found.push(entry.decode() as unknown as EndpointSlice);
    return true;
  });
  return found;
}

/** Throws StatusError BadRequest for a pod that has no address yet. */
function connectionTo({ metadata, spec, status }: Pod, port: number): Answer {
  const { namespace = '', name = '', uid = '' } = metadata;
  if ((status?.podIP ?? '') === '' || spec.nodeName === undefined) throw badRequest('address not allowed');
  const session = { namespace, pod: name, uid, target: { type: 'connect', port } } as const;
  return { type: 'session', to: `${spec.nodeName}/kubelet`, session };
}

/** Throws StatusError ServiceUnavailable. */
function numbered(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw unreachable(`address tcp/${text}: unknown port`);
  return port;
}

function unreachable(cause: string): Error {
  return serviceUnavailable(`error trying to reach service: ${cause}`);
}
