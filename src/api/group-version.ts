/**
 * Names of API groups, versions, resources and kinds, in the spellings that Kubernetes uses on the wire and in messages.
 * The core group is the empty string. Models apimachinery pkg/runtime/schema/group_version.go.
 */

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

export interface GroupVersionResource extends GroupVersion, GroupResource {}
export interface GroupVersionKind extends GroupVersion, GroupKind {}

/** Formats `v1` or `apps/v1`. */
export function apiVersionOf(groupVersion: GroupVersion): string {
  return groupVersion.group === '' ? groupVersion.version : `${groupVersion.group}/${groupVersion.version}`;
}

/** Parses `v1` or `apps/v1`; undefined when there is more than one slash. */
export function parseApiVersion(apiVersion: string): GroupVersion | undefined {
  const slash = apiVersion.indexOf('/');
  if (slash === -1) return { group: '', version: apiVersion };
  if (apiVersion.includes('/', slash + 1)) return undefined;
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** Formats `pods` or `deployments.apps`. */
export function formatGroupResource(name: GroupResource): string {
  return name.group === '' ? name.resource : `${name.resource}.${name.group}`;
}

/** Formats `Pod` or `Deployment.apps`. */
export function formatGroupKind(name: GroupKind): string {
  return name.group === '' ? name.kind : `${name.kind}.${name.group}`;
}

/** Formats `/v1, Resource=pods` or `apps/v1, Resource=deployments`. */
export function formatGroupVersionResource(name: GroupVersionResource): string {
  return `${name.group}/${name.version}, Resource=${name.resource}`;
}

type Stability = 'stable' | 'beta' | 'alpha';

/** Returns how stable `version` says to be: `v1` is stable, `v1beta1` beta, `v2alpha3` alpha. */
export function stabilityOf(version: string): Stability {
  if (/^v\d+$/.test(version)) return 'stable';
  return /^v\d+beta\d+$/.test(version) ? 'beta' : 'alpha';
}

/**
 * Orders versions from most to least preferred, for Array.prototype.sort: stable before beta before alpha, then the higher
 * number first; names that are no versions come last, alphabetically. Models apimachinery pkg/version/helpers.go.
 */
export function compareVersions(left: string, right: string): number {
  const leftParts = versionParts(left);
  const rightParts = versionParts(right);
  if (leftParts === undefined || rightParts === undefined) {
    if (leftParts !== undefined) return -1;
    if (rightParts !== undefined) return 1;
    return left < right ? -1 : Number(left > right);
  }
  for (let index = 0; index < 3; index += 1) {
    const difference = (rightParts[index] as number) - (leftParts[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function versionParts(version: string): readonly number[] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return undefined;
  const stability = match[2] === undefined ? 2 : Number(match[2] === 'beta');
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}
