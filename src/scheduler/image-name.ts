/** The images that a pod asks for. Models kubernetes plugins/imagelocality. */
import { normalizeImageName } from '../kinds/pod/image-name.ts';
import type { PodSpec } from '../kinds/pod/types.ts';

export function imageNamesOf({ containers, initContainers = [] }: PodSpec): readonly string[] {
  return [...initContainers, ...containers].map(({ image }) => normalizeImageName(image ?? ''));
}
