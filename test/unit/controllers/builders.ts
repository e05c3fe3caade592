/** Objects as controllers meet them, in as few words as a test needs. */
import type { IndexFunction } from '../../../src/api/object-index.ts';
import { controllerReference, type KubeObject, type ObjectMeta } from '../../../src/api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import type { Caches, Controller, Kinds, ReconcileContext, Watched } from '../../../src/controllers/controller.ts';
import type { Plan, Write } from '../../../src/controllers/plan.ts';
import type { Deployment, DeploymentSpec } from '../../../src/kinds/deployment/types.ts';
import type { Node, NodeSpec } from '../../../src/kinds/node/types.ts';
import type { Pod, PodSpec, PodStatus } from '../../../src/kinds/pod/types.ts';
import type { ReplicaSet, ReplicaSetStatus } from '../../../src/kinds/replicaset/types.ts';
import { Indexer } from '../../../src/streams/indexer.ts';

export const nowMs = Date.UTC(2026, 0, 1) as WallMs;

export const context = (extra: Partial<ReconcileContext> = {}): ReconcileContext<never> =>
  ({
    wallMs: nowMs,
    monotonicMs: 1_000 as MonotonicMs,
    random: new Random(1),
    failure: null,
    memory: null,
    answers: [],
    ...extra,
  }) as ReconcileContext<never>;

const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };

export function replicaSet(
  replicas: number,
  status: Partial<ReplicaSetStatus> = {},
  metadata: ObjectMeta = {},
): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'default', uid: 'rs', generation: 1, resourceVersion: '1', ...metadata },
    spec: { replicas, selector: { matchLabels: labels }, template },
    status: { replicas: 0, observedGeneration: 1, ...status },
  };
}

export function deployment(replicas: number, spec: Partial<DeploymentSpec> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'd', generation: 1, resourceVersion: '1' },
    spec: { replicas, selector: { matchLabels: labels }, template, progressDeadlineSeconds: 600, ...spec },
  };
}

export function node(name: string, metadata: ObjectMeta = {}, spec: NodeSpec = {}): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: `uid-${name}`, ...metadata }, spec };
}

export interface PodOptions {
  readonly owner?: KubeObject;
  readonly metadata?: ObjectMeta;
  readonly spec?: Partial<PodSpec>;
  readonly status?: PodStatus;
  readonly isReady?: boolean;
  /** When it became ready; long ago by default. */
  readonly readySince?: string;
}

export function pod(name: string, options: PodOptions = {}): Pod {
  const { owner, metadata, spec, status, isReady = false, readySince = '2025-01-01T00:00:00Z' } = options;
  const ready = { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: readySince } as const;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      labels,
      creationTimestamp: '2025-01-01T00:00:00Z',
      ...(owner === undefined ? {} : { ownerReferences: [controllerReference(owner)] }),
      ...metadata,
    },
    spec: { containers: [{ name: 'web', image: 'web:1' }], nodeName: 'node-0', ...spec },
    status: { phase: 'Running', conditions: [ready], ...status },
  };
}

/** Caches as a controller declares them, filled with `objects`. */
export function caches<K extends Kinds, Observed, Memory>(
  controller: Controller<K, Observed, Memory>,
  objects: { readonly [Name in keyof K]?: readonly KubeObject[] },
): Caches<K> {
  const result: Record<string, Indexer> = {};
  for (const [name, watched] of Object.entries(controller.watches) as [keyof K & string, Watched][]) {
    const indexer = new Indexer(watched.indexes as Record<string, IndexFunction<KubeObject>>);
    for (const object of objects[name] ?? []) indexer.set(object);
    result[name] = indexer;
  }
  return result as unknown as Caches<K>;
}

/** The writes of a plan as short texts, group by group. */
export function told({ groups }: Plan): readonly (readonly string[])[] {
  return groups.map((group) => group.map(tell));
}

function tell({ verb, resource, subresource, name, body }: Write): string {
  const target =
    verb === 'create' ? ((body as KubeObject).metadata.generateName ?? (body as KubeObject).metadata.name) : name;
  const replicas = (body as { spec?: { replicas?: number } } | null)?.spec?.replicas;
  const size = resource.resource === 'replicasets' && subresource === '' && verb !== 'delete' ? `=${replicas}` : '';
  return `${verb} ${resource.resource}${subresource === '' ? '' : `/${subresource}`} ${target}${size}`;
}

export function events({ events: told = [] }: Plan): readonly string[] {
  return told.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}

/** The body of the first write of a status, if the plan has one. */
export function statusOf<Status>({ groups }: Plan): Status | undefined {
  const write = groups.flat().find(({ subresource }) => subresource === 'status');
  return (write?.body as { readonly status?: Status } | undefined)?.status;
}

/** The objects that a plan creates of one resource. */
export function createdOf<T extends KubeObject>({ groups }: Plan, resource: string): readonly T[] {
  return groups
    .flat()
    .filter((write) => write.verb === 'create' && write.resource.resource === resource)
    .map(({ body }) => body as T);
}
