/** What an API server is told when it starts. Plain data. */
export interface ApiServerSettings {
  /** Store replicas in order of preference; the own master's first. */
  readonly replicas: readonly string[];
  /** Bearer tokens by who they stand for. */
  readonly tokens: readonly TokenUser[];
  /** `host:port` under which clients are told to find the API. */
  readonly address: string;
  /** Seconds that a pod stays on a node that is not ready or unreachable, unless it says otherwise; 300 in Kubernetes. */
  readonly tolerationSeconds: number;
}

export interface TokenUser {
  readonly token: string;
  readonly user: string;
  readonly groups: readonly string[];
}
