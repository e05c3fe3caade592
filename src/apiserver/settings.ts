/** What an API server is told when it starts. Plain data. */
import type { CryptoArgs, TokenKey } from '../actor/crypto-port.ts';

export interface ApiServerSettings extends CryptoArgs {
  /** Store replicas in order of preference; the own master's first. */
  readonly replicas: readonly string[];
  /** Bearer tokens by who they stand for. */
  readonly tokens: readonly TokenUser[];
  /** `host:port` under which clients are told to find the API. */
  readonly address: string;
  /** Seconds that a pod stays on a node that is not ready or unreachable, unless it says otherwise; 300 in Kubernetes. */
  readonly tolerationSeconds: number;
  /** Signs the tokens of service accounts. */
  readonly tokenKey: TokenKey;
  /** The certificate of the cluster's authority, PEM; empty where nobody speaks TLS. */
  readonly rootCertificate: string;
}

export interface TokenUser {
  readonly token: string;
  readonly user: string;
  readonly groups: readonly string[];
}
