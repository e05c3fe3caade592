/** Pushes an image under a name that may leave the registry out. Loaded when somebody pushes. */
import { parseReference } from '../../src/registry/reference.ts';
import { type ImageContent, push } from '../io/images/image-push.ts';
import { ClusterOptionsError } from './options.ts';

/** An image that is in a registry. */
export interface PushedImage {
  /** With the registry, as it stands in a pod. */
  readonly image: string;
  /** With the digest: nobody can move it. */
  readonly imageId: string;
}

/** `registry` is the one that is meant when the name tells none, and `user` one of its users, if it has any. */
export async function pushTo(
  registry: string | null,
  name: string,
  content: ImageContent,
  user?: readonly [string, string],
): Promise<PushedImage> {
  const isWhole = parseReference(name) !== null;
  if (!isWhole && registry === null) {
    throw new ClusterOptionsError(
      `${JSON.stringify(name)} tells no registry, and the cluster has none of its own: start it with registry: true`,
    );
  }
  const image = isWhole ? name : `${registry}/${name}`;
  const reference = parseReference(image);
  if (reference === null) throw new ClusterOptionsError(`${JSON.stringify(name)} is no name of an image`);
  const [username, password] = user ?? [];
  const own =
    reference.registry === registry && username !== undefined && password !== undefined
      ? { credentials: { username, password } }
      : {};
  return { image, imageId: await push(reference, { ...own, ...content }) };
}
