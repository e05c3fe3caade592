/**
 * What a pod's pull secrets hold for the registry of an image. Secrets of its service account stand in the pod already: admission puts them there.
 * Models kubernetes pkg/credentialprovider (keyring.go, secrets) and pkg/kubelet getPullSecretsForPod.
 */
import { namespaceOf } from '../api/object-meta.ts';
import { decodeBase64 } from '../base/base64.ts';
import { utf8Text } from '../base/bytes.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { Secret } from '../kinds/secret/types.ts';
import type { Credential } from '../registry/challenge.ts';
import { parseObject } from '../registry/manifest.ts';
import { parseReference } from '../registry/reference.ts';
import type { ObjectSource } from './object-shelf.ts';

export type PullSecrets =
  /** Somebody still has to tell whether a secret is there. */
  | { readonly type: 'waiting' }
  /** `missing`: names of secrets that are not there; a pull is tried without them. */
  | { readonly type: 'found'; readonly credentials: readonly Credential[]; readonly missing: readonly string[] };

/** Finds what to show the registry of an image; the most specific comes first. */
export function pullSecretsOf(pod: Pod, image: string, objects: ObjectSource): PullSecrets {
  const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name = '' }) => (name === '' ? [] : [name]));
  const found: Secret[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const secret = objects.find<Secret>('secrets', namespaceOf(pod), name);
    if (secret === undefined) return { type: 'waiting' };
    if (secret === null) missing.push(name);
    else found.push(secret);
  }
  const place = placeOf(image);
  if (place === null) return { type: 'found', credentials: [], missing };
  const entries = found.flatMap(entriesOf).filter(({ key }) => matches(key, place));
  const ordered = entries.toSorted((left, right) => right.key.length - left.key.length);
  return { type: 'found', credentials: ordered.flatMap(({ credential }) => credential ?? []), missing };
}

interface Entry {
  /** Host and perhaps a path, without scheme. */
  readonly key: string;
  readonly credential: Credential | null;
}

function entriesOf({ type, data = {} }: Secret): readonly Entry[] {
  const text = data[type === 'kubernetes.io/dockercfg' ? '.dockercfg' : '.dockerconfigjson'];
  const json = text === undefined ? null : parseObject(decodeBase64(text));
  const auths = type === 'kubernetes.io/dockercfg' ? json : json?.['auths'];
  if (typeof auths !== 'object' || auths === null) return [];
  return Object.entries(auths).map(([key, entry]) => ({
    key: key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, ''),
    credential: credentialOf(entry),
  }));
}

function credentialOf(entry: unknown): Credential | null {
  const { username, password, auth } = (entry ?? {}) as Record<string, unknown>;
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  if (typeof auth !== 'string') return null;
  const text = utf8Text(decodeBase64(auth));
  const colon = text.indexOf(':');
  return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

interface Place {
  readonly host: string;
  readonly path: string;
}

function placeOf(image: string): Place | null {
  const reference = parseReference(image);
  return reference === null ? null : { host: hubAs(reference.registry), path: `/${reference.repository}/` };
}

function matches(key: string, { host, path }: Place): boolean {
  const slash = key.indexOf('/');
  const keyHost = hubAs(slash < 0 ? key : key.slice(0, slash));
  const keyPath = slash < 0 ? '/' : `${key.slice(slash).replace(/\/$/, '')}/`;
  const labels = keyHost.split('.');
  const own = host.split('.');
  return (
    labels.length === own.length &&
    labels.every((label, index) => matchesLabel(label, own[index] ?? '')) &&
    path.startsWith(keyPath)
  );
}

/** A `*` stands for any characters of one part of a host. */
function matchesLabel(pattern: string, label: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === label;
  if (!label.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = label.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = rest.at(-1) ?? '';
  return label.length - at >= last.length && label.endsWith(last);
}

/** Docker's registry has two names. */
function hubAs(host: string): string {
  return host === 'index.docker.io' ? 'docker.io' : host;
}
