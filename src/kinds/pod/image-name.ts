/** Names of images as pods ask for them and nodes report them. Models kubernetes plugins/imagelocality normalizedImageName. */

/** A name without a tag or digest means its `latest`. */
export function normalizeImageName(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}
