/** How clients outside reach a cluster, in the forms that they take. */
import type { Kubeconfig, KubeconfigEntries } from '../../src/http/kubeconfig.ts';

/** How clients outside reach the cluster. */
export interface Access {
  /** The balancer's address: it survives any master. */
  readonly url: string;
  readonly token: string;
  /** Certificate of the cluster's authority, PEM. */
  readonly authority: string;
  readonly kubeconfigPath: string;
  readonly config: Kubeconfig;
  /** Where the cluster's registry of images is, as it stands in their names: `127.0.0.1:PORT`. Null: it has none. */
  readonly registry: string | null;
  /** Ports by actor path: `master-0/gateway`, `balancer`. */
  readonly ports: Readonly<Record<string, number>>;
  /** Makes a kubeconfig, as YAML, with which a client is `user` in `groups` by a certificate of the cluster's authority. */
  readonly kubeconfigFor: (user: string, groups: readonly string[]) => Promise<string>;
}

/** As `KubeConfig.loadFromOptions` of @kubernetes/client-node takes it. */
export interface KubeConfigOptions {
  readonly clusters: { readonly name: string; readonly server: string; readonly caData: string }[];
  readonly users: { readonly name: string; readonly token: string }[];
  readonly contexts: {
    readonly name: string;
    readonly cluster: string;
    readonly user: string;
    readonly namespace: string;
  }[];
  readonly currentContext: string;
}

/** Names cluster and context in a kubeconfig file. */
export function contextName(clusterName: string): string {
  return `threemaster-${clusterName}`;
}

/** Names the entries that a cluster has in a kubeconfig file. */
export function entryNames(clusterName: string): KubeconfigEntries {
  const name = contextName(clusterName);
  return { clusters: [{ name }], users: [{ name: `${name}-admin` }], contexts: [{ name }] };
}

/** Returns a configuration with one cluster, one user and one context, all of which bear the name of the cluster. */
export function kubeConfigOptions(clusterName: string, { url, token, authority }: Access): KubeConfigOptions {
  const name = contextName(clusterName);
  return {
    clusters: [{ name, server: url, caData: Buffer.from(authority).toString('base64') }],
    users: [{ name: 'admin', token }],
    contexts: [{ name, cluster: name, user: 'admin', namespace: 'default' }],
    currentContext: name,
  };
}
