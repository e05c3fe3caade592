/** What plugins read beside nodes and pods. Whoever runs the scheduler answers from its caches; nothing of it is copied. */
import type { LabelSelector } from '../api/label-selector.ts';
import type { StringMap } from '../api/object-meta.ts';
import type { CSINode } from '../kinds/csinode/types.ts';
import type { PersistentVolume } from '../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../kinds/persistentvolumeclaim/types.ts';
import type { PodDisruptionBudget } from '../kinds/poddisruptionbudget/types.ts';
import type { StorageClass } from '../kinds/storageclass/types.ts';
import type { PodInfo } from './pod-info.ts';
import type { PodTerm } from './pod-term.ts';

export interface Storage {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  /** Volumes of a class, in the order of their names. */
  volumesOf(storageClassName: string): readonly PersistentVolume[];
  storageClass(name: string): StorageClass | undefined;
  csiNode(name: string): CSINode | undefined;
}

export interface Surroundings {
  readonly storage: Storage;
  namespaceLabels(namespace: string): StringMap;
  /** The namespaces that a term looks at: those it names, and those that its selector selects. */
  namespacesOf(term: PodTerm): readonly string[];
  /** The selector of the services and the controller of a pod; null when it has neither. */
  ownerSelector(pod: PodInfo): LabelSelector | null;
  /** The disruption budgets of a namespace. */
  budgets(namespace: string): readonly PodDisruptionBudget[];
}

export const emptySurroundings: Surroundings = {
  storage: {
    claim: () => undefined,
    volume: () => undefined,
    volumesOf: () => [],
    storageClass: () => undefined,
    csiNode: () => undefined,
  },
  namespaceLabels: () => ({}),
  namespacesOf: ({ namespaces }) => namespaces,
  ownerSelector: () => null,
  budgets: () => [],
};
