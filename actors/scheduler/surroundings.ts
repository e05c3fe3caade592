/** What scheduler plugins read beside nodes and pods, answered from the caches of informers. */
import {
  compileLabelSelector,
  type LabelSelector,
  type LabelSelectorSpec,
  labelSelector,
  labelSelectorOfMap,
  matchesLabels,
} from '../../src/api/label-selector.ts';
import { controllerOf, type KubeObject, labelsOf, nameOf, type StringMap } from '../../src/api/object-meta.ts';
import type { Service } from '../../src/kinds/service/types.ts';
import type { PodInfo } from '../../src/scheduler/pod-info.ts';
import type { PodTerm } from '../../src/scheduler/pod-term.ts';
import type { Surroundings } from '../../src/scheduler/snapshot.ts';
import type { Informer } from '../../src/streams/informer.ts';

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
}

export class InformedSurroundings implements Surroundings {
  readonly #informers: SurroundingInformers;

  constructor(informers: SurroundingInformers) {
    this.#informers = informers;
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
