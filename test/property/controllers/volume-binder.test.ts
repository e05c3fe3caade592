/**
 * The binder among others of its kind: several instances, none fenced, with caches that lag each by itself, plans that are carried out group by group
 * with anything in between, plans that are given up, users who delete and make claims. Whatever happens, no volume serves two claims; and when
 * it stops happening, whoever can be bound is.
 */
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { applyMergePatch } from '../../../src/api/merge-patch.ts';
import type { IndexFunction } from '../../../src/api/object-index.ts';
import { annotationsOf, type KubeObject, nameOf, objectKey, uidOf } from '../../../src/api/object-meta.ts';
import { must } from '../../../src/base/assert.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import type { Caches, Watched } from '../../../src/controllers/controller.ts';
import type { Plan, Write } from '../../../src/controllers/plan.ts';
import { type BinderKinds, volumeBinderController as binder } from '../../../src/controllers/volumebinder/keys.ts';
import type { Reservations } from '../../../src/controllers/volumebinder/reservations.ts';
import type { PersistentVolume } from '../../../src/kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../../src/kinds/persistentvolumeclaim/types.ts';
import { Indexer } from '../../../src/streams/indexer.ts';

type Resource = 'claims' | 'volumes' | 'classes';

interface Instance {
  readonly caches: Record<Resource, Indexer>;
  readonly shown: Record<Resource, number>;
  readonly memory: Reservations;
}

const resources: readonly Resource[] = ['claims', 'volumes', 'classes'];
const resourceNames: Readonly<Record<string, Resource>> = {
  persistentvolumeclaims: 'claims',
  persistentvolumes: 'volumes',
};

class World {
  readonly random: Random;
  readonly #objects: Record<Resource, Map<string, KubeObject>> = {
    claims: new Map(),
    volumes: new Map(),
    classes: new Map(),
  };
  readonly #history: { resource: Resource; key: string; object: KubeObject | null }[] = [];
  readonly #instances: Instance[];
  #underWay: { readonly plan: Plan; next: number }[] = [];

  constructor(seed: number, instances: number) {
    this.random = new Random(seed);
    this.#instances = Array.from({ length: instances }, makeInstance);
  }

  claims(): readonly PersistentVolumeClaim[] {
    return [...this.#objects.claims.values()] as PersistentVolumeClaim[];
  }

  volumes(): readonly PersistentVolume[] {
    return [...this.#objects.volumes.values()] as PersistentVolume[];
  }

  put(resource: Resource, object: KubeObject): void {
    const key = objectKey(object);
    const uid = this.#objects[resource].get(key)?.metadata.uid ?? `uid-${this.#history.length}`;
    const metadata = { ...object.metadata, uid, resourceVersion: String(this.#history.length + 1) };
    const stored = { ...object, metadata };
    this.#objects[resource].set(key, stored);
    this.#history.push({ resource, key, object: stored });
  }

  remove(resource: Resource, key: string): void {
    if (this.#objects[resource].delete(key)) this.#history.push({ resource, key, object: null });
  }

  step(): void {
    const instance = this.random.pick(this.#instances);
    const choice = this.random.integer(0, 9);
    if (choice <= 3) this.#show(instance, this.random.pick(resources), this.random.integer(1, 3));
    else if (choice <= 6) this.#planOne(instance);
    else if (this.#underWay.length > 0) this.#advance(this.random.integer(0, this.#underWay.length - 1));
  }

  /** Shows all to all and carries everything out, until nothing changes. */
  settle(): void {
    for (let round = 0; round < 60; round += 1) {
      const before = this.#history.length;
      for (const instance of this.#instances) {
        this.#showAll(instance);
        for (const key of keysOf(instance)) {
          this.#showAll(instance);
          this.#plan(instance, key);
          while (this.#underWay.length > 0) this.#advance(0, false);
        }
      }
      if (this.#history.length === before) return;
    }
    throw new Error('never at rest');
  }

  #planOne(instance: Instance): void {
    const keys = keysOf(instance);
    if (keys.length > 0) this.#plan(instance, this.random.pick(keys));
  }

  #plan(instance: Instance, key: string): void {
    const observed = binder.observe(key, instance.caches as unknown as Caches<BinderKinds>);
    if (observed === null) return;
    const time = { wallMs: 0 as WallMs, monotonicMs: 0 as MonotonicMs };
    const plan = binder.reconcile(observed, { ...time, random: this.random, failure: null, memory: instance.memory });
    if (plan.groups.length > 0) this.#underWay.push({ plan, next: 0 });
  }

  #advance(index: number, mayGiveUp = true): void {
    const entry = must(this.#underWay[index], 'a plan');
    const group = entry.plan.groups[entry.next] ?? [];
    entry.next += 1;
    const isDone = group.map((write) => this.#write(write)).every(Boolean);
    if (!isDone || entry.next >= entry.plan.groups.length || (mayGiveUp && this.random.chance(0.1)))
      this.#underWay.splice(index, 1);
  }

  #write({ verb, resource, namespace, name, uid, body }: Write): boolean {
    const place = must(resourceNames[resource.resource], resource.resource);
    const known = this.#objects[place].get(namespace === '' ? name : `${namespace}/${name}`);
    if (verb === 'get') return known === undefined || (uid !== '' && uidOf(known) !== uid);
    expect(verb).toBe('patch');
    const { metadata = {} } = body as Partial<KubeObject>;
    // Every write of the binder names the version that it was made of.
    expect(metadata.resourceVersion).toBeDefined();
    if (known === undefined || metadata.uid !== known.metadata.uid) return false;
    if (metadata.resourceVersion !== known.metadata.resourceVersion) return false;
    const next = applyMergePatch(known as unknown as JsonObject, body as JsonObject) as unknown as KubeObject;
    if (JSON.stringify(next) !== JSON.stringify(known)) this.put(place, next);
    return true;
  }

  #showAll(instance: Instance): void {
    for (const resource of resources) this.#show(instance, resource, Number.POSITIVE_INFINITY);
  }

  #show({ caches, shown }: Instance, resource: Resource, events: number): void {
    let left = events;
    for (let index = shown[resource]; index < this.#history.length && left > 0; index += 1) {
      const entry = must(this.#history[index], 'an event');
      shown[resource] = index + 1;
      if (entry.resource !== resource) continue;
      left -= 1;
      if (entry.object === null) caches[resource].delete(entry.key);
      else caches[resource].set(entry.object);
    }
  }
}

function makeInstance(): Instance {
  const indexer = (name: Resource): Indexer =>
    new Indexer((binder.watches[name] as Watched).indexes as Record<string, IndexFunction<KubeObject>>);
  return {
    caches: { claims: indexer('claims'), volumes: indexer('volumes'), classes: indexer('classes') },
    shown: { claims: 0, volumes: 0, classes: 0 },
    memory: binder.remember(),
  };
}

function keysOf({ caches }: Instance): string[] {
  return [
    ...[...caches.claims.keys()].map((key) => `claim ${key}`),
    ...[...caches.volumes.keys()].map((key) => `volume ${key}`),
  ];
}

function claim(index: number, extra: object = {}): PersistentVolumeClaim {
  const spec = {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: '',
    ...extra,
  };
  const metadata = { name: `claim-${index}`, namespace: 'default' };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec, status: { phase: 'Pending' } };
}

function volume(index: number, extra: object = {}): PersistentVolume {
  const spec = {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: `${(index % 3) + 1}Gi` },
    storageClassName: '',
    persistentVolumeReclaimPolicy: 'Retain' as const,
    ...extra,
  };
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `volume-${index}` }, spec };
}

/** A claim that says that it is bound has its volume for itself, and the volume says the same. */
function checkExclusive(world: World): void {
  const volumes = new Map(world.volumes().map((each) => [nameOf(each), each]));
  const owners = new Map<string, string>();
  for (const each of world.claims()) {
    if (annotationsOf(each)['pv.kubernetes.io/bind-completed'] === undefined) continue;
    const { volumeName = '' } = each.spec;
    expect(owners.get(volumeName), `${volumeName} serves two claims`).toBeUndefined();
    owners.set(volumeName, nameOf(each));
    expect(volumes.get(volumeName)?.spec?.claimRef?.uid, `${nameOf(each)} is bound by halves`).toBe(uidOf(each));
  }
}

const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

test.each(seeds)(
  'seed %i: no volume serves two claims, whatever lags, and all that can be are bound in the end',
  (seed) => {
    const world = new World(seed, 3);
    const count = 6;
    for (let index = 0; index < count; index += 1) {
      const isChosen = world.random.chance(0.2);
      world.put('claims', claim(index, isChosen ? { volumeName: `volume-${world.random.integer(0, count - 1)}` } : {}));
      const isKept = world.random.chance(0.2);
      const claimRef = { namespace: 'default', name: `claim-${world.random.integer(0, count - 1)}` };
      world.put('volumes', volume(index, isKept ? { claimRef } : {}));
    }
    for (let step = 0; step < 1_200; step += 1) {
      world.step();
      if (step % 80 === 79) {
        const index = world.random.integer(0, count - 1);
        world.remove('claims', `default/claim-${index}`);
        if (world.random.chance(0.5)) world.put('claims', claim(index));
        if (world.random.chance(0.3)) world.put('volumes', volume(count + step));
      }
      checkExclusive(world);
    }
    world.settle();
    checkExclusive(world);
    const waiting = world
      .claims()
      .filter(({ status, spec }) => status?.phase !== 'Bound' && (spec.volumeName ?? '') === '');
    const free = world.volumes().filter(({ spec }) => spec?.claimRef === undefined);
    expect(Math.min(waiting.length, free.length)).toBe(0);
    for (const each of world.volumes()) expect(each.status?.phase).toMatch(/^(Available|Bound|Released)$/);
  },
);
