/**
 * A cluster in a few lines, for the controllers of workloads: objects with revisions, pods that get ready, end, die and go at random, caches that
 * lag behind, plans that are carried out late. It keeps the one promise that the runtime keeps: a key is not reconciled before the caches
 * show what its last plan wrote. `changeOffice` breaks even that, as a new master does that takes over with caches of its own.
 */
import type { JsonObject } from '../../../src/api/json.ts';
import { applyMergePatch } from '../../../src/api/merge-patch.ts';
import type { IndexFunction } from '../../../src/api/object-index.ts';
import {
  controllerOf,
  finalizersOf,
  isBeingDeleted,
  type KubeObject,
  objectKey,
} from '../../../src/api/object-meta.ts';
import { applyStrategicMergePatch } from '../../../src/api/strategic-merge-patch.ts';
import { must } from '../../../src/base/assert.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { timestampSeconds } from '../../../src/base/time.ts';
import type { AnyController, Caches, Watched } from '../../../src/controllers/controller.ts';
import { deploymentController } from '../../../src/controllers/deployment/keys.ts';
import type { Write } from '../../../src/controllers/plan.ts';
import { replicaSetController } from '../../../src/controllers/replicaset/keys.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { ReplicaSet } from '../../../src/kinds/replicaset/types.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';
import { Indexer } from '../../../src/streams/indexer.ts';

interface Runner {
  readonly controller: AnyController;
  readonly memory: unknown;
  readonly caches: Record<string, Indexer>;
  /** The revision that each cache shows. */
  readonly shown: Record<string, number>;
  /** Key to the revisions that its last plan reached, by cache. */
  readonly barrier: Map<string, Readonly<Record<string, number>>>;
}

/** How pods fare; what is left out is that of a server which runs for ever. */
export interface NaiveOptions {
  readonly controllers?: readonly unknown[];
  /** Decides, when a pod is due to change, how it ends; null: it goes on. */
  readonly end?: (pod: Pod, random: Random) => 'Succeeded' | 'Failed' | null;
}

export class NaiveCluster {
  readonly random: Random;
  readonly objects: Record<string, Map<string, KubeObject>> = {};
  /** Images whose pods never get ready. */
  readonly broken = new Set<string>();
  readonly #end: NonNullable<NaiveOptions['end']>;
  #revision = 1;
  #history: { revision: number; resource: string; key: string; object: KubeObject | null }[] = [];
  #runners: Runner[];
  #nowMs = Date.UTC(2026, 0, 1);
  /** The earliest time at which a reconcile of this round wants to be called again. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(seed: number, { controllers = [deploymentController, replicaSetController], end }: NaiveOptions = {}) {
    this.random = new Random(seed);
    this.#end = end ?? (() => null);
    this.#runners = controllers.map((controller) => makeRunner(controller as AnyController));
  }

  get nowMs(): WallMs {
    return this.#nowMs as WallMs;
  }

  get deployment(): Deployment {
    return this.all('deployments').find(({ metadata }) => metadata.name === 'web') as Deployment;
  }

  all(resource: string): readonly KubeObject[] {
    return [...this.#mapOf(resource).values()];
  }

  pods(): readonly Pod[] {
    return this.all('pods') as readonly Pod[];
  }

  replicaSets(): readonly ReplicaSet[] {
    return this.all('replicasets') as readonly ReplicaSet[];
  }

  put(resource: string, object: KubeObject): KubeObject {
    const known = this.#mapOf(resource).get(objectKey(object));
    this.#revision += 1;
    const specChanged = JSON.stringify((known as Pod)?.spec) !== JSON.stringify((object as Pod).spec);
    const generation = (known?.metadata.generation ?? 0) + (specChanged ? 1 : 0);
    const metadata = {
      ...object.metadata,
      uid: known?.metadata.uid ?? `uid-${this.#revision}`,
      creationTimestamp: known?.metadata.creationTimestamp ?? timestampSeconds(this.nowMs),
      generation,
      resourceVersion: String(this.#revision),
    };
    const stored = { ...object, metadata };
    this.#mapOf(resource).set(objectKey(stored), stored);
    this.#history.push({ revision: this.#revision, resource, key: objectKey(stored), object: stored });
    return stored;
  }

  remove(resource: string, key: string): void {
    if (!this.#mapOf(resource).delete(key)) return;
    this.#revision += 1;
    this.#history.push({ revision: this.#revision, resource, key, object: null });
  }

  /** Every version that an object of `resource` ever had. */
  versions(resource: string): readonly KubeObject[] {
    return this.#history.flatMap((entry) =>
      entry.resource === resource && entry.object !== null ? [entry.object] : [],
    );
  }

  /** Asks for an object to go, as a DELETE does: at once, or when finalizers and kubelet are done. */
  delete(resource: string, key: string): void {
    const known = this.#mapOf(resource).get(key);
    if (known === undefined || isBeingDeleted(known)) return;
    const isGraceful = resource === 'pods' && !isFinished(known as Pod);
    if (!isGraceful && finalizersOf(known).length === 0) this.remove(resource, key);
    else {
      const metadata = { ...known.metadata, deletionTimestamp: timestampSeconds(this.nowMs) };
      this.put(resource, { ...known, metadata });
    }
  }

  /** One random event: a cache moves on, a controller reconciles, a pod gets ready, dies or goes. */
  step(): void {
    this.#nowMs += 20;
    const choice = this.random.integer(0, 9);
    if (choice <= 3) this.#showSome(this.random.pick(this.#runners));
    else if (choice <= 6) this.#reconcileOne(this.random.pick(this.#runners));
    else this.#pod(choice);
  }

  /** One random event of the controllers alone. */
  stepControllers(): void {
    this.#nowMs += 20;
    const runner = this.random.pick(this.#runners);
    if (this.random.chance(0.5)) this.#showSome(runner);
    else this.#reconcileOne(runner);
  }

  /** Lets one pod do what is due: no pod dies. */
  advanceOne(): void {
    this.#nowMs += 20;
    this.#pod(0);
  }

  /** All controllers start anew, with caches whose first view is at most `lagMax` revisions old. */
  changeOffice(lagMax = 3): void {
    this.#runners = this.#runners.map(({ controller }) => makeRunner(controller));
    const shown = this.random.integer(Math.max(1, this.#revision - lagMax), this.#revision);
    for (const runner of this.#runners) this.#show(runner, Number.POSITIVE_INFINITY, undefined, shown);
  }

  /**
   * Lets everything happen that is due, without deaths, until nothing changes any more; returns whether it came to rest. `isPatient`: what a
   * controller wants to look at later happens too.
   */
  settle(stepsMax = 400, isPatient = false): boolean {
    for (let index = 0; index < stepsMax; index += 1) {
      const before = this.#revision;
      this.#nowMs += 1_000;
      this.#dueMs = Number.POSITIVE_INFINITY;
      for (const runner of this.#runners) {
        this.#show(runner, Number.POSITIVE_INFINITY);
        for (const key of keysOf(runner)) this.#reconcile(runner, key);
      }
      for (const pod of this.pods()) this.#advancePod(pod);
      if (this.#revision !== before) continue;
      if (!isPatient || this.#dueMs === Number.POSITIVE_INFINITY) return true;
      this.#nowMs = Math.max(this.#nowMs, this.#dueMs);
    }
    return false;
  }

  #mapOf(resource: string): Map<string, KubeObject> {
    this.objects[resource] ??= new Map();
    return this.objects[resource];
  }

  /** Each cache moves on by itself: they are never at one revision. */
  #showSome(runner: Runner): void {
    const name = this.random.pick(Object.keys(runner.caches));
    this.#show(runner, this.random.integer(1, 4), name);
  }

  #show(runner: Runner, events: number, only?: string, until = Number.POSITIVE_INFINITY): void {
    for (const [name, cache] of Object.entries(runner.caches)) {
      if (only !== undefined && only !== name) continue;
      let left = events;
      const from = runner.shown[name] ?? 0;
      for (const { revision, resource, key, object } of this.#history) {
        if (resource !== resourceOf(runner, name) || revision <= from || revision > until) continue;
        if (left === 0) break;
        left -= 1;
        if (object === null) cache.delete(key);
        else cache.set(object);
        runner.shown[name] = revision;
      }
    }
  }

  #reconcileOne(runner: Runner): void {
    const keys = keysOf(runner);
    if (keys.length > 0) this.#reconcile(runner, this.random.pick(keys));
  }

  #reconcile(runner: Runner, key: string): void {
    const { controller, caches, shown, barrier } = runner;
    const needed = barrier.get(key) ?? {};
    if (Object.entries(needed).some(([name, revision]) => (shown[name] ?? 0) < revision)) return;
    const observed = controller.observe(key, caches as unknown as Caches<Record<string, KubeObject>>);
    if (observed === null) return;
    const plan = controller.reconcile(observed, {
      wallMs: this.nowMs,
      monotonicMs: this.#nowMs as MonotonicMs,
      random: this.random,
      failure: null,
      memory: runner.memory,
      answers: [],
    });
    if (plan.requeueAfterMs !== undefined) this.#dueMs = Math.min(this.#dueMs, this.#nowMs + plan.requeueAfterMs);
    const reached: Record<string, number> = {};
    for (const group of plan.groups) {
      const isWhole = group.map((write) => this.#write(runner, write, reached)).every(Boolean);
      if (!isWhole) break;
    }
    barrier.set(key, reached);
  }

  /** Carries out a write; false when it is refused. */
  #write(runner: Runner, write: Write, reached: Record<string, number>): boolean {
    const { resource } = write.resource;
    const before = this.#revision;
    const isDone = this.#apply(write, resource, this.#mapOf(resource).get(`${write.namespace}/${write.name}`));
    const cache = Object.keys(runner.caches).find((name) => resourceOf(runner, name) === resource);
    if (isDone && cache !== undefined && this.#revision > before) reached[cache] = this.#revision;
    return isDone;
  }

  #apply(write: Write, resource: string, known: KubeObject | undefined): boolean {
    if (write.verb === 'create') {
      const object = write.body as KubeObject;
      if (this.#mapOf(resource).has(objectKey(object))) return write.accepts.includes(409);
      this.put(resource, object);
      return true;
    }
    if (known === undefined) return write.accepts.includes(404);
    if (write.verb === 'delete') {
      if (known.metadata.uid === write.uid) this.delete(resource, objectKey(known));
      return true;
    }
    if (write.verb === 'patch') return this.#patch(write, resource, known);
    const next = write.body as Deployment;
    if (next.metadata.resourceVersion !== known.metadata.resourceVersion) return false;
    const stored =
      write.subresource === 'status'
        ? { ...known, metadata: next.metadata, status: next.status }
        : { ...next, status: (known as Deployment).status };
    this.put(resource, stored as KubeObject);
    return true;
  }

  #patch(write: Write, resource: string, known: KubeObject): boolean {
    const body = write.body as JsonObject & { readonly metadata?: KubeObject['metadata'] };
    const { uid, resourceVersion } = body.metadata ?? {};
    if (uid !== undefined && uid !== known.metadata.uid) return write.accepts.includes(409);
    if (resourceVersion !== undefined && resourceVersion !== known.metadata.resourceVersion) return false;
    const tree = known as unknown as JsonObject;
    const struct = must(
      builtInSchemas.kind({ group: write.resource.group, version: write.resource.version, kind: known.kind }),
      known.kind,
    );
    const next =
      write.patch === 'strategic'
        ? applyStrategicMergePatch(tree, body, builtInSchemas.patchShape(struct))
        : applyMergePatch(tree, body);
    const patched = next as unknown as KubeObject;
    const isOver = isBeingDeleted(patched) && finalizersOf(patched).length === 0;
    const waitsForKubelet = resource === 'pods' && !isFinished(patched as Pod);
    if (isOver && !waitsForKubelet) this.remove(resource, objectKey(known));
    else this.put(resource, patched);
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
    const image = pod.spec.containers[0]?.image ?? '';
    if (isBeingDeleted(pod)) this.#endPod(pod);
    else if (pod.status?.phase === undefined && !this.broken.has(image)) {
      const lastTransitionTime = timestampSeconds(this.nowMs);
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime } as const];
      this.put('pods', { ...pod, status: { phase: 'Running', conditions } } as Pod);
    } else if (pod.status?.phase === 'Running') {
      const phase = this.#end(pod, this.random);
      if (phase !== null) this.put('pods', withPhase(pod, phase, this.nowMs));
    }
  }

  /** A pod that somebody still holds by a finalizer ends, and stays. */
  #endPod(pod: Pod): void {
    if (finalizersOf(pod).length === 0) this.remove('pods', objectKey(pod));
    else if (!isFinished(pod)) this.put('pods', withPhase(pod, 'Failed', this.nowMs));
  }

  #kill(pod: Pod): void {
    if (isFinished(pod)) this.delete('pods', objectKey(pod));
    else if (this.random.chance(0.5)) this.#vanish(pod);
    else this.put('pods', withPhase(pod, 'Failed', this.nowMs));
  }

  #vanish(pod: Pod): void {
    if (finalizersOf(pod).length === 0) this.remove('pods', objectKey(pod));
    else this.delete('pods', objectKey(pod));
  }
}

function withPhase(pod: Pod, phase: 'Succeeded' | 'Failed', nowMs: WallMs): Pod {
  const terminated = { exitCode: phase === 'Failed' ? 1 : 0, finishedAt: timestampSeconds(nowMs) };
  const [{ name } = { name: '' }] = pod.spec.containers;
  const status = { name, state: { terminated }, ready: false, restartCount: 0, image: '', imageID: '' };
  return { ...pod, status: { phase, containerStatuses: [status] } };
}

function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

function makeRunner(controller: AnyController): Runner {
  const caches: Record<string, Indexer> = {};
  const shown: Record<string, number> = {};
  for (const [name, watched] of Object.entries(controller.watches) as [string, Watched][]) {
    caches[name] = new Indexer(watched.indexes as Record<string, IndexFunction<KubeObject>>);
    shown[name] = 0;
  }
  return { controller, memory: controller.remember(), caches, shown, barrier: new Map() };
}

function resourceOf({ controller }: Runner, cache: string): string {
  return must(controller.watches[cache], `no cache ${cache}`).resource.resource;
}

/** A controller's keys are those of the first resource that it watches. */
function keysOf(runner: Runner): readonly string[] {
  const [own = ''] = Object.keys(runner.caches);
  return [...(runner.caches[own]?.keys() ?? [])];
}

/** Pods that count for their replica set. */
export function activePods(cluster: NaiveCluster): readonly Pod[] {
  return cluster
    .pods()
    .filter((pod) => !isBeingDeleted(pod) && pod.status?.phase !== 'Failed' && controllerOf(pod) !== undefined);
}
