/**
 * A cluster in a few lines, for the replica set and deployment controllers: objects with revisions, pods that get ready, die and go at random,
 * caches that lag behind, plans that are carried out late. It keeps the one promise that the runtime keeps: a key is not reconciled before
 * the caches show what its last plan wrote.
 */
import type { IndexFunction } from '../../../src/api/object-index.ts';
import { controllerOf, isBeingDeleted, type KubeObject, objectKey } from '../../../src/api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import type { AnyController, Caches, Watched } from '../../../src/controllers/controller.ts';
import { deploymentController } from '../../../src/controllers/deployment/keys.ts';
import type { Write } from '../../../src/controllers/plan.ts';
import { replicaSetController } from '../../../src/controllers/replicaset/keys.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { ReplicaSet } from '../../../src/kinds/replicaset/types.ts';
import { Indexer } from '../../../src/streams/indexer.ts';

interface Runner {
  readonly controller: AnyController;
  readonly caches: Record<string, Indexer>;
  /** The revision that each cache shows. */
  readonly shown: Record<string, number>;
  /** Key to the revisions that its last plan reached, by cache. */
  readonly barrier: Map<string, Readonly<Record<string, number>>>;
}

type Resource = 'deployments' | 'replicasets' | 'pods';
const cacheOf: Readonly<Record<Resource, string>> = {
  deployments: 'deployments',
  replicasets: 'replicaSets',
  pods: 'pods',
};

export class NaiveCluster {
  readonly random: Random;
  readonly objects: Record<Resource, Map<string, KubeObject>> = {
    deployments: new Map(),
    replicasets: new Map(),
    pods: new Map(),
  };
  /** Images whose pods never get ready. */
  readonly broken = new Set<string>();
  #revision = 1;
  #history: { revision: number; resource: Resource; key: string; object: KubeObject | null }[] = [];
  readonly #runners: readonly Runner[];
  #nowMs = Date.UTC(2026, 0, 1);

  constructor(seed: number) {
    this.random = new Random(seed);
    this.#runners = [deploymentController, replicaSetController].map((controller) =>
      this.#runner(controller as unknown as AnyController),
    );
  }

  get deployment(): Deployment {
    return this.objects.deployments.get('default/web') as Deployment;
  }

  pods(): readonly Pod[] {
    return [...this.objects.pods.values()] as Pod[];
  }

  replicaSets(): readonly ReplicaSet[] {
    return [...this.objects.replicasets.values()] as ReplicaSet[];
  }

  put(resource: Resource, object: KubeObject): KubeObject {
    const known = this.objects[resource].get(objectKey(object));
    this.#revision += 1;
    const specChanged = JSON.stringify((known as Pod)?.spec) !== JSON.stringify((object as Pod).spec);
    const generation = (known?.metadata.generation ?? 0) + (specChanged ? 1 : 0);
    const metadata = {
      ...object.metadata,
      uid: known?.metadata.uid ?? `uid-${this.#revision}`,
      creationTimestamp: known?.metadata.creationTimestamp ?? new Date(this.#nowMs).toISOString().replace(/\.\d+/, ''),
      generation,
      resourceVersion: String(this.#revision),
    };
    const stored = { ...object, metadata };
    this.objects[resource].set(objectKey(stored), stored);
    this.#history.push({ revision: this.#revision, resource, key: objectKey(stored), object: stored });
    return stored;
  }

  remove(resource: Resource, key: string): void {
    if (!this.objects[resource].delete(key)) return;
    this.#revision += 1;
    this.#history.push({ revision: this.#revision, resource, key, object: null });
  }

  /** One random event: a cache moves on, a controller reconciles, a pod gets ready, dies or goes. */
  step(): void {
    this.#nowMs += 20;
    const choice = this.random.integer(0, 9);
    if (choice <= 3) this.#showSome(this.random.pick(this.#runners));
    else if (choice <= 6) this.#reconcileOne(this.random.pick(this.#runners));
    else this.#pod(choice);
  }

  /** Lets everything happen that is due, without deaths, until nothing changes any more; returns whether it came to rest. */
  settle(stepsMax = 400): boolean {
    for (let index = 0; index < stepsMax; index += 1) {
      const before = this.#revision;
      this.#nowMs += 1_000;
      for (const runner of this.#runners) {
        this.#show(runner, Number.POSITIVE_INFINITY);
        for (const key of this.#keysOf(runner)) this.#reconcile(runner, key);
      }
      for (const pod of this.pods()) this.#advancePod(pod);
      if (this.#revision === before) return true;
    }
    return false;
  }

  #runner(controller: AnyController): Runner {
    const caches: Record<string, Indexer> = {};
    const shown: Record<string, number> = {};
    for (const [name, watched] of Object.entries(controller.watches) as [string, Watched][]) {
      caches[name] = new Indexer(watched.indexes as Record<string, IndexFunction<KubeObject>>);
      shown[name] = 0;
    }
    return { controller, caches, shown, barrier: new Map() };
  }

  /** Each cache moves on by itself: they are never at one revision. */
  #showSome(runner: Runner): void {
    const name = this.random.pick(Object.keys(runner.caches));
    this.#show(runner, this.random.integer(1, 4), name);
  }

  #show(runner: Runner, events: number, only?: string): void {
    for (const name of Object.keys(runner.caches)) {
      if (only !== undefined && only !== name) continue;
      let left = events;
      const from = runner.shown[name] ?? 0;
      for (const { revision, resource, key, object } of this.#history) {
        if (cacheOf[resource] !== name || revision <= from) continue;
        if (left === 0) break;
        left -= 1;
        if (object === null) runner.caches[name]?.delete(key);
        else runner.caches[name]?.set(object);
        runner.shown[name] = revision;
      }
    }
  }

  #keysOf(runner: Runner): readonly string[] {
    const own = runner.controller.name === 'deployment-controller' ? 'deployments' : 'replicaSets';
    return [...(runner.caches[own]?.keys() ?? [])];
  }

  #reconcileOne(runner: Runner): void {
    const keys = this.#keysOf(runner);
    if (keys.length > 0) this.#reconcile(runner, this.random.pick(keys));
  }

  #reconcile(runner: Runner, key: string): void {
    const { controller, caches, shown, barrier } = runner;
    const needed = barrier.get(key) ?? {};
    if (Object.entries(needed).some(([name, revision]) => (shown[name] ?? 0) < revision)) return;
    const observed = controller.observe(key, caches as unknown as Caches<Record<string, KubeObject>>);
    if (observed === null) return;
    const plan = controller.reconcile(observed, {
      wallMs: this.#nowMs as WallMs,
      monotonicMs: this.#nowMs as MonotonicMs,
      random: this.random,
      failure: null,
      memory: null,
    });
    const reached: Record<string, number> = {};
    for (const group of plan.groups) {
      const isWhole = group.map((write) => this.#write(write, reached)).every(Boolean);
      if (!isWhole) break;
    }
    barrier.set(key, reached);
  }

  /** Carries out a write; false when it is refused. */
  #write(write: Write, reached: Record<string, number>): boolean {
    const resource = write.resource.resource as Resource;
    const key = `${write.namespace}/${write.name}`;
    const known = this.objects[resource].get(key);
    const isDone = this.#apply(write, resource, key, known);
    if (isDone) reached[cacheOf[resource]] = this.#revision;
    return isDone;
  }

  #apply(write: Write, resource: Resource, key: string, known: KubeObject | undefined): boolean {
    if (write.verb === 'create') {
      const object = write.body as KubeObject;
      if (this.objects[resource].has(objectKey(object))) return false;
      this.put(resource, object);
      return true;
    }
    if (known === undefined) return write.verb === 'delete';
    if (write.verb === 'delete') {
      if (known.metadata.uid !== write.uid) return true;
      if (resource !== 'pods') this.remove(resource, key);
      else if (!isBeingDeleted(known)) {
        const deletionTimestamp = new Date(this.#nowMs).toISOString().replace(/\.\d+/, '');
        this.put('pods', { ...known, metadata: { ...known.metadata, deletionTimestamp } });
      }
      return true;
    }
    if (write.verb !== 'update') return true;
    const next = write.body as Deployment;
    if (next.metadata.resourceVersion !== known.metadata.resourceVersion) return false;
    const stored =
      write.subresource === 'status'
        ? { ...known, metadata: next.metadata, status: next.status }
        : { ...next, status: (known as Deployment).status };
    this.put(resource, stored as KubeObject);
    return true;
  }

  #pod(choice: number): void {
    const pods = this.pods();
    if (pods.length === 0) return;
    const pod = this.random.pick(pods);
    if (choice < 9) this.#advancePod(pod);
    else if (this.random.chance(0.3)) this.#kill(pod);
  }

  #advancePod(pod: Pod): void {
    if (isBeingDeleted(pod)) this.remove('pods', objectKey(pod));
    else if (pod.status?.phase === undefined && !this.broken.has(pod.spec.containers[0]?.image ?? '')) {
      const lastTransitionTime = new Date(this.#nowMs).toISOString().replace(/\.\d+/, '');
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime } as const];
      this.put('pods', { ...pod, status: { phase: 'Running', conditions } } as Pod);
    }
  }

  #kill(pod: Pod): void {
    if (this.random.chance(0.5)) this.remove('pods', objectKey(pod));
    else this.put('pods', { ...pod, status: { phase: 'Failed' } } as Pod);
  }
}

/** Pods that count for their replica set. */
export function activePods(cluster: NaiveCluster): readonly Pod[] {
  return cluster
    .pods()
    .filter((pod) => !isBeingDeleted(pod) && pod.status?.phase !== 'Failed' && controllerOf(pod) !== undefined);
}
