/** Names of images as nodes report them and pods ask for them. Models plugins/imagelocality normalizedImageName. */
import type { PodSpec } from '../kinds/pod/types.ts';

/** A name without a tag or digest means its `latest`. */
export function normalizeImageName(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}

export function imageNamesOf({ containers, initContainers = [] }: PodSpec): readonly string[] {
  return [...initContainers, ...containers].map(({ image }) => normalizeImageName(image ?? ''));
}
