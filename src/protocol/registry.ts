/** What the registry answers to the rest of the cluster: where it listens. Images go over HTTP, as to any registry. */
import type { Protocol } from '../actor/protocol.ts';
import type { GatewayAddress, ListenFailure } from './gateway.ts';

export interface RegistryProtocol extends Protocol {
  readonly tells: object;
  /** Answered once it listens, or knows that it cannot. */
  readonly asks: { readonly address: { readonly request: null; readonly reply: GatewayAddress | ListenFailure } };
  readonly streams: object;
}
