/** What scheduler plugins read beside nodes and pods, answered from the caches of informers. */
import {
  compileLabelSelector,
  type LabelSelector,
  type LabelSelectorSpec,
  labelSelector,
  labelSelectorOfMap,
  matchesLabels,
} from '../../src/api/label-selector.ts';
import {
  controllerOf,
  type KubeObject,
  labelsOf,
  nameOf,
  namespaceOf,
  type StringMap,
} from '../../src/api/object-meta.ts';
import type { CSINode } from '../../src/kinds/csinode/types.ts';
import type { PersistentVolume } from '../../src/kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../src/kinds/persistentvolumeclaim/types.ts';
import type { PodDisruptionBudget } from '../../src/kinds/poddisruptionbudget/types.ts';
import type { Service } from '../../src/kinds/service/types.ts';
import type { StorageClass } from '../../src/kinds/storageclass/types.ts';
import type { ClusterEvent } from '../../src/scheduler/cluster-event.ts';
import type { PodInfo } from '../../src/scheduler/pod-info.ts';
import type { PodTerm } from '../../src/scheduler/pod-term.ts';
import type { Storage, Surroundings } from '../../src/scheduler/surroundings.ts';
import type { Informer } from '../../src/streams/informer.ts';
import type { InformerSet } from '../../src/streams/informer-set.ts';

/** A controller of pods, as far as its selector goes. */
export interface Selecting extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelectorSpec };
}

export interface SurroundingInformers {
  readonly namespaces: Informer;
  /** Indexed by `namespace`. */
  readonly services: Informer<Service>;
  /** By the kind of their objects. */
  readonly controllers: ReadonlyMap<string, Informer<Selecting>>;
  /** Indexed by `namespace`. */
  readonly budgets: Informer<PodDisruptionBudget>;
  readonly claims: Informer<PersistentVolumeClaim>;
  /** Indexed by `class`. */
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  readonly csiNodes: Informer<CSINode>;
}

const core = { group: '', version: 'v1' };
const apps = { group: 'apps', version: 'v1' };
const policy = { group: 'policy', version: 'v1' };
const storage = { group: 'storage.k8s.io', version: 'v1' };
const byNamespace = { namespace: (object: KubeObject): string[] => [namespaceOf(object)] };

/** Adds the informers of all that plugins read beside nodes and pods. */
export function addSurroundings(set: InformerSet): SurroundingInformers {
  return {
    namespaces: set.add({ resource: { ...core, resource: 'namespaces' }, output: 'metadata' }),
    services: set.add<Service>({ resource: { ...core, resource: 'services' }, indexes: byNamespace }),
    controllers: new Map([
      ['ReplicaSet', set.add<Selecting>({ resource: { ...apps, resource: 'replicasets' } })],
      ['StatefulSet', set.add<Selecting>({ resource: { ...apps, resource: 'statefulsets' } })],
    ]),
    budgets: set.add<PodDisruptionBudget>({
      resource: { ...policy, resource: 'poddisruptionbudgets' },
      indexes: byNamespace,
    }),
    claims: set.add<PersistentVolumeClaim>({ resource: { ...core, resource: 'persistentvolumeclaims' } }),
    volumes: set.add<PersistentVolume>({
      resource: { ...core, resource: 'persistentvolumes' },
      indexes: { class: ({ spec }) => [spec?.storageClassName ?? ''] },
    }),
    classes: set.add<StorageClass>({ resource: { ...storage, resource: 'storageclasses' } }),
    csiNodes: set.add<CSINode>({ resource: { ...storage, resource: 'csinodes' } }),
  };
}

/** Returns what a change that `informer` saw means to pods that wait; null when it means nothing to them. */
export function eventOf(informer: Informer | null, informers: SurroundingInformers): ClusterEvent | null {
  const { claims, volumes, classes, csiNodes, namespaces, services, controllers } = informers;
  const isOneOf = (others: readonly unknown[]): boolean => others.includes(informer);
  if (isOneOf([claims, volumes, classes, csiNodes])) return { type: 'storageChanged' };
  return isOneOf([namespaces, services, ...controllers.values()]) ? { type: 'surroundingsChanged' } : null;
}

class InformedStorage implements Storage {
  readonly #informers: SurroundingInformers;

  constructor(informers: SurroundingInformers) {
    this.#informers = informers;
  }

  claim(namespace: string, name: string): PersistentVolumeClaim | undefined {
    return this.#informers.claims.get(`${namespace}/${name}`);
  }

  volume(name: string): PersistentVolume | undefined {
    return this.#informers.volumes.get(name);
  }

  volumesOf(storageClassName: string): readonly PersistentVolume[] {
    const found = [...this.#informers.volumes.indexer.by('class', storageClassName)];
    return found.sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
  }

  storageClass(name: string): StorageClass | undefined {
    return this.#informers.classes.get(name);
  }

  csiNode(name: string): CSINode | undefined {
    return this.#informers.csiNodes.get(name);
  }
}

export class InformedSurroundings implements Surroundings {
  readonly storage: Storage;
  readonly #informers: SurroundingInformers;

  constructor(informers: SurroundingInformers) {
    this.#informers = informers;
    this.storage = new InformedStorage(informers);
  }

  budgets(namespace: string): readonly PodDisruptionBudget[] {
    return this.#informers.budgets.indexer.by('namespace', namespace);
  }

  namespaceLabels(namespace: string): StringMap {
    const object = this.#informers.namespaces.get(namespace);
    return object === undefined ? {} : labelsOf(object);
  }

  namespacesOf({ namespaces, namespaceSelector }: PodTerm): readonly string[] {
    if (namespaceSelector === null) return namespaces;
    const found = new Set(namespaces);
    for (const namespace of this.#informers.namespaces.indexer.values()) {
      if (matchesLabels(namespaceSelector, labelsOf(namespace))) found.add(nameOf(namespace));
    }
    return [...found];
  }

  /** Requirements of all services that select the pod and of its controller, together. Models helper.DefaultSelector. */
  ownerSelector(pod: PodInfo): LabelSelector | null {
    const requirements = this.#informers.services.indexer
      .by('namespace', pod.namespace)
      .map(({ spec }) => labelSelectorOfMap(spec?.selector ?? {}))
      .filter((selector) => selector.requirements.length > 0 && matchesLabels(selector, pod.labels))
      .flatMap((selector) => selector.requirements);
    const controller = controllerOf(pod.pod);
    const informer = controller === undefined ? undefined : this.#informers.controllers.get(controller.kind);
    const owner = informer?.get(`${pod.namespace}/${controller?.name ?? ''}`);
    if (owner?.spec?.selector !== undefined)
      requirements.push(...compileLabelSelector(owner.spec.selector).requirements);
    return requirements.length === 0 ? null : labelSelector(requirements);
  }
}
