/** Which class claims get that name none. Models kubernetes pkg/volume/util/storageclass.go GetDefaultClass. */
import { annotationsOf, nameOf } from '../../api/object-meta.ts';
import type { StorageClass } from './types.ts';

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** Returns the newest of the classes that say that they are the default; of equally old ones, the first by name. */
export function defaultClassOf(classes: Iterable<StorageClass>): StorageClass | undefined {
  let best: StorageClass | undefined;
  for (const candidate of classes) {
    const annotations = annotationsOf(candidate);
    if (!defaultAnnotations.some((name) => annotations[name] === 'true')) continue;
    if (best === undefined || isPreferred(candidate, best)) best = candidate;
  }
  return best;
}

function isPreferred(candidate: StorageClass, best: StorageClass): boolean {
  const { creationTimestamp: made = '' } = candidate.metadata;
  const { creationTimestamp: bestMade = '' } = best.metadata;
  return made === bestMade ? nameOf(candidate) < nameOf(best) : made > bestMade;
}
