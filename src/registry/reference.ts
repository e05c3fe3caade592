/**
 * Names of images in registries: `HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]`. The host must be told: no name without one is ever looked for
 * elsewhere. Models distribution/reference.
 */
import { isDigest } from './digest.ts';
import { repositoryCharactersMax } from './limits.ts';

export interface ImageReference {
  /** Host and port, as it stands in the name. */
  readonly registry: string;
  readonly repository: string;
  /** `latest` if the name has neither a tag nor a digest; null with a digest alone. */
  readonly tag: string | null;
  readonly digest: string | null;
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryForm = new RegExp(`^${component}(?:/${component})*$`);
const tagForm = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const hostForm = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/;

export function isRepository(name: string): boolean {
  return name.length <= repositoryCharactersMax && repositoryForm.test(name);
}

export function isTag(name: string): boolean {
  return tagForm.test(name);
}

/** Reads a name; null when it names no registry, or is none. */
export function parseReference(text: string): ImageReference | null {
  const slash = text.indexOf('/');
  const registry = text.slice(0, Math.max(slash, 0));
  const isHost = registry === 'localhost' || /[.:]/.test(registry);
  if (!isHost || !hostForm.test(registry)) return null;
  const [path = '', digest = null, ...more] = text.slice(slash + 1).split('@');
  const colon = path.indexOf(':');
  const repository = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? (digest === null ? 'latest' : null) : path.slice(colon + 1);
  if (more.length > 0 || !isRepository(repository)) return null;
  if ((tag !== null && !isTag(tag)) || (digest !== null && !isDigest(digest))) return null;
  return { registry, repository, tag, digest };
}

/** What a manifest is asked for by: the digest goes before the tag. */
export function manifestNameOf({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? 'latest';
}

/** How an image is called for good. */
export function imageIdOf({ registry, repository }: ImageReference, digest: string): string {
  return `${registry}/${repository}@${digest}`;
}

/**
 * Where a registry's API begins. A registry of this machine speaks plain HTTP, every other one HTTPS; Docker treats 127.0.0.0/8 alike. The
 * images of docker.io are served by another host.
 */
export function registryUrl(registry: string): string {
  if (registry === 'docker.io' || registry === 'index.docker.io') return 'https://registry-1.docker.io/v2/';
  return `${isLoopback(registry) ? 'http' : 'https'}://${registry}/v2/`;
}

function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
