/**
 * Whether an image's name is one that a registry could have. Names that are no references at all, a path or a URL of a module, are for the
 * runtime to judge. Models kubernetes pkg/util/parsers and distribution/reference.
 */

const host = '[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?';
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(?:${host}/)?${component}(?:/${component})*(?::${tag})?(?:@${digest})?$`);
const upperCase = /^[^/@:]*[A-Z]/;

/** Returns what is wrong with the name; null for a good one. */
export function imageNameComplaint(image: string): string | null {
  if (/^[./]/.test(image) || image.includes('://') || reference.test(image)) return null;
  const detail = upperCase.test(image) ? ': repository name must be lowercase' : '';
  return `couldn't parse image name ${JSON.stringify(image)}: invalid reference format${detail}`;
}
