/** What images are under the runtime `worker`: programs of ours, well-known names that stand for one of them, and modules of the user's. */

export const builtInImages = ['web', 'echo', 'shell', 'load', 'kv', 'agnhost'] as const;
export type BuiltInImage = (typeof builtInImages)[number];

/** Names that stand for one of ours, for convenience; the pod's events say so. */
const wellKnown: Readonly<Record<string, BuiltInImage>> = {
  busybox: 'shell',
  alpine: 'shell',
  'registry.k8s.io/e2e-test-images/agnhost': 'agnhost',
  'registry.k8s.io/e2e-test-images/busybox': 'shell',
  nginx: 'web',
};

export type FoundImage =
  | { readonly type: 'builtIn'; readonly name: BuiltInImage; readonly note: string }
  | { readonly type: 'module'; readonly url: string; readonly note: string }
  | { readonly type: 'unknown'; readonly message: string };

/** Finds what an image name means; `images` are modules by name. */
export function findImage(image: string, images: Readonly<Record<string, string>>): FoundImage {
  if (image.startsWith('file:')) return { type: 'module', url: image, note: '' };
  const bare = withoutTag(image);
  const url = Object.hasOwn(images, image) ? images[image] : Object.hasOwn(images, bare) ? images[bare] : undefined;
  if (url !== undefined) return { type: 'module', url, note: '' };
  const own = builtInImages.find((name) => bare === `threemaster/${name}`);
  if (own !== undefined) return { type: 'builtIn', name: own, note: '' };
  const short = bare.replace(/^(docker\.io\/)?(library\/)?/, '');
  const known = Object.hasOwn(wellKnown, short) ? wellKnown[short] : undefined;
  if (known === undefined) return { type: 'unknown', message: listOf(images) };
  const note = `Under the runtime "worker" it stands for the built-in program threemaster/${known}.`;
  return { type: 'builtIn', name: known, note };
}

function withoutTag(image: string): string {
  const withoutDigest = image.split('@')[0] ?? image;
  const slash = withoutDigest.lastIndexOf('/');
  const colon = withoutDigest.indexOf(':', slash + 1);
  return colon < 0 ? withoutDigest : withoutDigest.slice(0, colon);
}

function listOf(images: Readonly<Record<string, string>>): string {
  const own = builtInImages.map((name) => `threemaster/${name}`);
  const all = [...own, ...Object.keys(wellKnown), ...Object.keys(images)].join(', ');
  return `the runtime "worker" runs JavaScript modules; there are ${all}, file: URLs of modules, and images of registries that the name tells, as in 127.0.0.1:5000/shop:v1`;
}
