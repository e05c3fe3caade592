/** Which container of a pod a request means. Models kubernetes pkg/registry/core/pod/strategy.go validateContainer. */
import { badRequest } from '../api/status-errors.ts';
import type { Pod } from '../kinds/pod/types.ts';

/** Returns the container that is meant; a pod with one container needs no name. Throws StatusError BadRequest. */
export function containerOf(pod: Pod, asked: string): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const names = containers.map(({ name }) => name);
  const all = [...names, ...[...initContainers, ...ephemeralContainers].map(({ name }) => name)];
  const { name: podName = '' } = pod.metadata;
  if (asked !== '') {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${podName}`);
  }
  const marked = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (marked !== undefined && names.includes(marked)) return marked;
  const [only] = names;
  if (only !== undefined && all.length === 1) return only;
  throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${names.join(' ')}]`);
}
