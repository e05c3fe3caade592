/** What a gateway answers to the rest of the cluster: where it listens. */
import type { Protocol } from '../actor/protocol.ts';

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
}

/** It cannot listen; the message is the operating system's. */
export interface ListenFailure {
  readonly failure: string;
}

export interface GatewayProtocol extends Protocol {
  readonly tells: object;
  /** Answered once it listens, or knows that it cannot. */
  readonly asks: { readonly address: { readonly request: null; readonly reply: GatewayAddress | ListenFailure } };
  readonly streams: object;
}
