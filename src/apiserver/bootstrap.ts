/**
 * What every cluster has from the start: its namespaces, the priority classes of the system, the Service under which pods find the API.
 * Each API server makes what is missing when it starts; whoever comes second finds it there.
 * Models kubernetes pkg/controlplane/controller/{systemnamespaces,kubernetesservice} and scheduling's PostStartHook.
 */
import { type Flow, waitFor } from '../actor/flow.ts';
import type { Json, JsonObject } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { isAlreadyExists, isInvalid } from '../api/status-errors.ts';
import { decodeObject } from '../kinds/decode.ts';
import { apiServerAddress } from './allocation.ts';
import { createObject } from './create.ts';
import type { Environment } from './environment.ts';

interface Original {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string;
  readonly tree: JsonObject & { readonly metadata: { readonly name: string; readonly [field: string]: Json } };
}

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const priorities = [
  { name: 'system-cluster-critical', value: 2_000_000_000, use: 'must run in the cluster' },
  { name: 'system-node-critical', value: 2_000_001_000, use: 'must not be moved from their current node' },
];

/** Given when the first objects are there. */
export const bootstrapSignal = 'bootstrap';

/** Waits until the namespaces are there that clients take for granted. */
export function* awaitBootstrap(environment: Environment): Flow<void> {
  while (!environment.isBootstrapped) yield* waitFor(bootstrapSignal);
}

/** Creates what is missing. */
export function* bootstrap(environment: Environment): Flow<void> {
  for (const original of originals(environment)) yield* ensure(environment, original);
}

function* ensure(environment: Environment, original: Original): Flow<void> {
  const served = environment.catalog.mustServe(original);
  const { namespace, tree } = original;
  if (environment.cache.get(served.stored, namespace, tree.metadata.name) !== undefined) return;
  const { object } = decodeObject(tree, served.info, environment.schemas, 'Strict');
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
    // Another API server was first; for the Service it may be its address that tells us.
    if (!isAlreadyExists(error) && !isInvalid(error)) throw error;
  }
}

function originals(environment: Environment): readonly Original[] {
  const core = { group: '', version: 'v1' };
  const port = Number(environment.settings.address.split(':').at(-1)) || 6443;
  return [
    ...namespaces.map((name) => ({ ...core, resource: 'namespaces', namespace: '', tree: { metadata: { name } } })),
    ...priorities.map(({ name, value, use }) => ({
      group: 'scheduling.k8s.io',
      version: 'v1',
      resource: 'priorityclasses',
      namespace: '',
      tree: { metadata: { name }, value, description: `Used for system critical pods that ${use}.` },
    })),
    {
      ...core,
      resource: 'services',
      namespace: 'default',
      tree: {
        metadata: {
          name: 'kubernetes',
          namespace: 'default',
          labels: { component: 'apiserver', provider: 'kubernetes' },
        },
        spec: {
          clusterIP: apiServerAddress,
          clusterIPs: [apiServerAddress],
          ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
        },
      },
    },
  ];
}
