/**
 * What a node says of its images, by which the scheduler prefers nodes that need not pull.
 * Models kubernetes pkg/kubelet/nodestatus/setters.go Images and pkg/kubelet/util/sliceutils ByImageSize.
 */
import type { ContainerImage } from '../kinds/node/types.ts';
import type { RuntimeImage } from '../protocol/runtime.ts';
import { reportedImageNameLengthMax, reportedImageNamesMax, reportedImagesMax } from './limits.ts';

/** Returns what a status tells: the biggest first, in the same order for the same images, and no more than Kubernetes' nodes tell. */
export function reportedImages(images: readonly RuntimeImage[]): readonly ContainerImage[] {
  const named = images.flatMap(({ id, names, sizeBytes }) => {
    const told = names.filter(({ length }) => length <= reportedImageNameLengthMax).slice(0, reportedImageNamesMax);
    return told.length === 0 ? [] : [{ id, image: { names: told, sizeBytes } }];
  });
  named.sort((left, right) => right.image.sizeBytes - left.image.sizeBytes || (left.id > right.id ? -1 : 1));
  return named.slice(0, reportedImagesMax).map(({ image }) => image);
}
