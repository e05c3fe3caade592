/**
 * What every cluster has from the start: its namespaces with their accounts, the priority classes of the system, the storage classes, a RuntimeClass
 * per runtime, the Service under which pods find the API, and the roles that rights rest on. Each API server makes what is missing when it starts, in transactions that put each
 * object only where none is; whoever comes second changes nothing. The roles come last, since the cluster's own parts need none.
 * Models kubernetes pkg/controlplane/controller/{systemnamespaces,kubernetesservice} and the PostStartHooks of scheduling and rbac.
 */
import type { Flow } from '../actor/flow.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { isAlreadyExists, isInvalid } from '../api/status-errors.ts';
import { singleKey } from '../mvcc/key-range.ts';
import { type Operation, putOperation, type Transaction } from '../mvcc/transaction.ts';
import { operationsPerTransactionMax } from '../store/limits.ts';
import { apiServerAddress } from './allocation.ts';
import { type ServedResource, storageKey } from './catalog.ts';
import { encoded } from './change.ts';
import { createObject } from './create.ts';
import type { Environment } from './environment.ts';
import { newUid } from './identity.ts';
import { defaultPolicy } from './rbac/default-policy.ts';
import { transact } from './store-client.ts';

interface Original {
  readonly group: string;
  readonly resource: string;
  /** In the stored version, without what the server fills in. */
  readonly object: object;
}

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
/** The ways in which the nodes can run pods; each class bears the name of its handler. */
const runtimes = ['simulated', 'worker', 'process'];
const priorities = [
  { name: 'system-cluster-critical', value: 2_000_000_000, use: 'must run in the cluster' },
  { name: 'system-node-critical', value: 2_000_001_000, use: 'must not be moved from their current node' },
];

const storageClasses = [
  { name: 'local-path', isDefault: true, allowVolumeExpansion: false },
  { name: 'cloud', isDefault: false, allowVolumeExpansion: true },
];

/** Creates what is missing of what clients take for granted. */
export function* bootstrap(environment: Environment): Flow<void> {
  yield* ensure(environment, firstObjects());
  yield* ensureService(environment);
}

/** Creates what is missing of the default roles and bindings. */
export function* bootstrapRights(environment: Environment): Flow<void> {
  environment.rightsRevision = yield* ensure(environment, defaultRights());
}

/** Returns a revision at which all of them are there. */
function* ensure(environment: Environment, originals: readonly Original[]): Flow<number> {
  const missing = originals.filter((original) => !isThere(environment, original));
  if (missing.length === 0) return environment.cache.revision;
  const puts = missing.map((original) => prepared(environment, original));
  const reply = yield* transact(environment, putIfAbsent(puts));
  return reply.revision;
}

function servedOf(environment: Environment, { group, resource }: Original): ServedResource {
  return environment.catalog.mustServe({ group, version: 'v1', resource });
}

function isThere(environment: Environment, original: Original): boolean {
  const { namespace = '', name = '' } = (original.object as AnyObject).metadata;
  return environment.cache.get(servedOf(environment, original).stored, namespace, name) !== undefined;
}

interface Put {
  readonly key: string;
  readonly bytes: Uint8Array;
}

function prepared(environment: Environment, original: Original): Put {
  const { stored } = servedOf(environment, original);
  const { random, stamp } = environment;
  const object = original.object as AnyObject;
  stored.strategy.setDefaults(object);
  stored.strategy.prepareForCreate(object, { uid: newUid(random), wallMs: stamp.wallMs, random });
  const { namespace = '', name = '' } = object.metadata;
  return { key: storageKey(stored, namespace, name), bytes: encoded(object).bytes };
}

/** One transaction, whose parts are transactions of one object each. */
function putIfAbsent(puts: readonly Put[]): Transaction {
  const parts = puts.map(
    ({ key, bytes }): Operation => ({
      type: 'transaction',
      transaction: {
        compares: [{ type: 'createRevision', range: singleKey(key), operator: '=', operand: 0 }],
        success: [putOperation(key, bytes)],
        failure: [],
      },
    }),
  );
  const groups: Operation[] = [];
  for (let start = 0; start < parts.length; start += operationsPerTransactionMax) {
    const success = parts.slice(start, start + operationsPerTransactionMax);
    groups.push({ type: 'transaction', transaction: { compares: [], success, failure: [] } });
  }
  return { compares: [], success: groups, failure: [] };
}

function firstObjects(): readonly Original[] {
  const core = (resource: string, kind: string, metadata: object): Original => ({
    group: '',
    resource,
    object: { kind, apiVersion: 'v1', metadata, ...(kind === 'Namespace' ? { spec: {}, status: {} } : {}) },
  });
  return [
    ...namespaces.map((name) => core('namespaces', 'Namespace', { name })),
    ...namespaces.map((namespace) => core('serviceaccounts', 'ServiceAccount', { name: 'default', namespace })),
    ...priorities.map(({ name, value, use }) => ({
      group: 'scheduling.k8s.io',
      resource: 'priorityclasses',
      object: {
        kind: 'PriorityClass',
        apiVersion: 'scheduling.k8s.io/v1',
        metadata: { name },
        value,
        description: `Used for system critical pods that ${use}.`,
        preemptionPolicy: 'PreemptLowerPriority',
      },
    })),
    ...storageClasses.map(({ name, isDefault, allowVolumeExpansion }) => ({
      group: 'storage.k8s.io',
      resource: 'storageclasses',
      object: {
        kind: 'StorageClass',
        apiVersion: 'storage.k8s.io/v1',
        metadata: {
          name,
          annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) },
        },
        provisioner: `threemaster.dev/${name}`,
        volumeBindingMode: 'WaitForFirstConsumer',
        allowVolumeExpansion,
      },
    })),
    ...runtimes.map((name) => ({
      group: 'node.k8s.io',
      resource: 'runtimeclasses',
      object: { kind: 'RuntimeClass', apiVersion: 'node.k8s.io/v1', metadata: { name }, handler: name },
    })),
  ];
}

function defaultRights(): readonly Original[] {
  return Object.entries(defaultPolicy()).flatMap(([resource, objects]: [string, readonly object[]]) =>
    objects.map((object) => ({ group: 'rbac.authorization.k8s.io', resource, object })),
  );
}

function* ensureService(environment: Environment): Flow<void> {
  const served = environment.catalog.mustServe({ group: '', version: 'v1', resource: 'services' });
  const name = 'kubernetes';
  const namespace = 'default';
  if (environment.cache.get(served.stored, namespace, name) !== undefined) return;
  const port = Number(environment.settings.address.split(':').at(-1)) || 6443;
  const object = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      clusterIP: apiServerAddress,
      clusterIPs: [apiServerAddress],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
    status: { loadBalancer: {} },
  };
  try {
    yield* createObject(environment, {
      served,
      object: object as AnyObject,
      namespace,
      fence: null,
      isDryRun: false,
      ownership: { type: 'update', manager: 'kube-apiserver', subresource: '', isReset: false },
    });
  } catch (error: unknown) {
    // Another API server was first; it may be the address that tells us.
    if (!isAlreadyExists(error) && !isInvalid(error)) throw error;
  }
}
