/** What a gateway answers to the rest of the cluster: where it listens. */
import type { Protocol } from '../actor/protocol.ts';

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
}

export interface GatewayProtocol extends Protocol {
  readonly tells: object;
  /** Answered once it listens. */
  readonly asks: { readonly address: { readonly request: null; readonly reply: GatewayAddress } };
  readonly streams: object;
}
