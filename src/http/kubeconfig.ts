/** Kubeconfig files: where a cluster is, who one is there, and which of both is current. */
import { parse, stringify } from 'yaml';
import { encodeBase64 } from '../base/base64.ts';
import { utf8 } from '../base/bytes.ts';

export interface KubeconfigFacts {
  /** Names cluster and context, and is part of the user's name. */
  readonly name: string;
  /** Such as `https://127.0.0.1:6443`. */
  readonly server: string;
  readonly userName: string;
  /** PEM. Without it, as over plain HTTP, the file tells clients not to verify: some refuse plain HTTP otherwise. */
  readonly authorityCertificate?: string;
  /** PEM. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly token?: string;
  readonly namespace?: string;
}

export interface Kubeconfig {
  readonly apiVersion: 'v1';
  readonly kind: 'Config';
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string | boolean>> }[];
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
  readonly contexts: readonly { readonly name: string; readonly context: Readonly<Record<string, string>> }[];
  readonly 'current-context': string;
}

export function kubeconfig(facts: KubeconfigFacts): Kubeconfig {
  const { name, server } = facts;
  const userName = `${name}-${facts.userName}`;
  const trust =
    facts.authorityCertificate === undefined
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': base64(facts.authorityCertificate) };
  const user = {
    ...(facts.clientCertificate === undefined ? {} : { 'client-certificate-data': base64(facts.clientCertificate) }),
    ...(facts.clientKey === undefined ? {} : { 'client-key-data': base64(facts.clientKey) }),
    ...(facts.token === undefined ? {} : { token: facts.token }),
  };
  const context = {
    cluster: name,
    user: userName,
    ...(facts.namespace === undefined ? {} : { namespace: facts.namespace }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, ...trust } }],
    users: [{ name: userName, user }],
    contexts: [{ name, context }],
    'current-context': name,
  };
}

/** Returns the file as YAML. */
export function formatKubeconfig(config: Kubeconfig): string {
  return stringify(config, { lineWidth: 0 });
}

interface Named {
  readonly name?: unknown;
}

type Lists = 'clusters' | 'users' | 'contexts';
/** Entries of a file by their names. */
export type KubeconfigEntries = Readonly<Record<Lists, readonly Named[]>>;
type OpenKubeconfig = KubeconfigEntries & { readonly [field: string]: unknown };

/**
 * Returns a file, given as YAML, with the entries of `config` in place of those of the same names, and its context made current. What else
 * stands there stays; comments do not. Throws Error when the text is no kubeconfig.
 */
export function mergeKubeconfig(text: string, config: Kubeconfig): string {
  const present = openKubeconfig(text);
  const merged = (list: Lists): readonly Named[] => [...without(present[list], config[list]), ...config[list]];
  return stringify(
    {
      ...present,
      clusters: merged('clusters'),
      users: merged('users'),
      contexts: merged('contexts'),
      'current-context': config['current-context'],
    },
    { lineWidth: 0 },
  );
}

/** Returns a file without entries of those names; no context is current if one of those was. Throws Error when it is no kubeconfig. */
export function removeFromKubeconfig(text: string, entries: KubeconfigEntries): string {
  const present = openKubeconfig(text);
  const contexts = without(present.contexts, entries.contexts);
  const current = present['current-context'];
  return stringify(
    {
      ...present,
      clusters: without(present.clusters, entries.clusters),
      users: without(present.users, entries.users),
      contexts,
      'current-context': contexts.some(({ name }) => name === current) ? current : '',
    },
    { lineWidth: 0 },
  );
}

function without(present: readonly Named[], removed: readonly Named[]): readonly Named[] {
  return present.filter(({ name }) => !removed.some((entry) => entry.name === name));
}

function openKubeconfig(text: string): OpenKubeconfig {
  const tree = (parse(text) ?? { apiVersion: 'v1', kind: 'Config' }) as Record<string, unknown>;
  if (typeof tree !== 'object' || tree['kind'] !== 'Config') throw new Error('it is no kubeconfig: kind is not Config');
  const list = (name: Lists): readonly Named[] => {
    const value = tree[name] ?? [];
    if (!Array.isArray(value)) throw new Error(`it is no kubeconfig: ${name} is no list`);
    return value as readonly Named[];
  };
  return { ...tree, clusters: list('clusters'), users: list('users'), contexts: list('contexts') };
}

function base64(text: string): string {
  return encodeBase64(utf8(text));
}
