/** What the balancer answers: the one address of the cluster, and who stands behind it. */
import type { Protocol } from '../actor/protocol.ts';
import type { ListenFailure } from './gateway.ts';

export interface BalancerAddress {
  readonly host: string;
  readonly port: number;
  /** Masters that get connections now. */
  readonly ready: readonly string[];
}

export interface BalancerProtocol extends Protocol {
  readonly tells: object;
  /** Answered once it listens and at least one master is ready, or once it knows that it cannot listen. */
  readonly asks: { readonly address: { readonly request: null; readonly reply: BalancerAddress | ListenFailure } };
  readonly streams: object;
}
