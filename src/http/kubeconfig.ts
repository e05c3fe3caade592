/** Kubeconfig files: where a cluster is, who one is there, and which of both is current. */
import { stringify } from 'yaml';
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

function base64(text: string): string {
  return encodeBase64(utf8(text));
}
