/** What the URL of a request to the registry names. Models opencontainers/distribution-spec "Endpoints". */

export type RegistryRoute =
  | { readonly type: 'base' }
  | { readonly type: 'catalog' }
  | { readonly type: 'tags'; readonly repository: string }
  | { readonly type: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly type: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly type: 'uploads'; readonly repository: string }
  | { readonly type: 'upload'; readonly repository: string; readonly upload: string };

export interface Target {
  /** Null: there is nothing of that name. */
  readonly route: RegistryRoute | null;
  /** The first value of each parameter. */
  readonly query: ReadonlyMap<string, string>;
}

/** Splits a target into what it names and its parameters. */
export function parseTarget(target: string): Target {
  const mark = target.indexOf('?');
  const path = decode(mark < 0 ? target : target.slice(0, mark));
  const query = new Map<string, string>();
  for (const pair of mark < 0 ? [] : target.slice(mark + 1).split('&')) {
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    const value = decode(at < 0 ? '' : pair.slice(at + 1).replaceAll('+', ' '));
    if (name !== null && value !== null && !query.has(name)) query.set(name, value);
  }
  return { route: path === null ? null : routeOf(path), query };
}

/** Null when it is not encoded as it should be. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function routeOf(path: string): RegistryRoute | null {
  if (path === '/v2/' || path === '/v2') return { type: 'base' };
  if (path === '/v2/_catalog') return { type: 'catalog' };
  const [, repository = '', what, rest = ''] =
    /^\/v2\/(.+?)\/(tags\/list|manifests|blobs\/uploads|blobs)(?:\/([^/]*))?$/.exec(path) ?? [];
  switch (what) {
    case 'tags/list':
      return { type: 'tags', repository };
    case 'manifests':
      return rest === '' ? null : { type: 'manifest', repository, reference: rest };
    case 'blobs/uploads':
      return rest === '' ? { type: 'uploads', repository } : { type: 'upload', repository, upload: rest };
    case 'blobs':
      return rest === '' ? null : { type: 'blob', repository, digest: rest };
    default:
      return null;
  }
}
