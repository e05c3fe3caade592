/** The watches of the objects that the pods of a node name: one informer for each, added and removed as the kubelet says. */
import type { Effect } from '../../src/actor/effect.ts';
import { type KubeObject, nameOf } from '../../src/api/object-meta.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import type { Kubelet } from '../../src/kubelet/kubelet.ts';
import type { Moment } from '../../src/kubelet/kubelet-work.ts';
import { keyOfNeed, type ObjectNeed, selectionOf } from '../../src/kubelet/object-shelf.ts';
import type { Informer } from '../../src/streams/informer.ts';
import { changesOf, type InformerSet, type InformerTurn } from '../../src/streams/informer-set.ts';

interface Watch {
  readonly need: ObjectNeed;
  readonly informer: Informer<KubeObject>;
  isKnown: boolean;
}

export class ObjectWatches {
  readonly #informers: InformerSet;
  readonly #kubelet: Kubelet;
  readonly #watches = new Map<string, Watch>();
  readonly #byInformer = new Map<Informer, Watch>();

  constructor(informers: InformerSet, kubelet: Kubelet) {
    this.#informers = informers;
    this.#kubelet = kubelet;
  }

  change(opened: readonly ObjectNeed[], closed: readonly ObjectNeed[], nowMs: MonotonicMs): readonly Effect[] {
    return [...closed.flatMap((need) => this.#close(need)), ...opened.flatMap((need) => this.#open(need, nowMs))];
  }

  /** Hands on what an input brought. */
  learn(turn: InformerTurn, moment: Moment): void {
    const watch = turn.informer === null ? undefined : this.#byInformer.get(turn.informer);
    if (watch === undefined) return;
    const { need, informer } = watch;
    for (const change of changesOf(turn, informer)) {
      const object = change.type === 'deleted' ? null : change.object;
      this.#kubelet.objectSet(need, nameOf(change.object), object, moment);
    }
    if (watch.isKnown || !informer.hasSynced) return;
    watch.isKnown = true;
    this.#kubelet.objectsKnown(need, moment);
  }

  #open(need: ObjectNeed, nowMs: MonotonicMs): readonly Effect[] {
    const informer = this.#informers.add<KubeObject>(selectionOf(need));
    const watch = { need, informer, isKnown: false };
    this.#watches.set(keyOfNeed(need), watch);
    this.#byInformer.set(informer, watch);
    return this.#informers.startAdded(informer, nowMs);
  }

  #close(need: ObjectNeed): readonly Effect[] {
    const key = keyOfNeed(need);
    const watch = this.#watches.get(key);
    if (watch === undefined) return [];
    this.#watches.delete(key);
    this.#byInformer.delete(watch.informer);
    return this.#informers.remove(watch.informer);
  }
}
