/** The registry actor: it opens its folder, then its listener, and hands what comes to the pure Registry. */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { BlobServerArgs, BlobServerCommand, BlobServerEvent } from '../../src/actor/blob-server-port.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Input } from '../../src/actor/input.ts';
import type { GatewayAddress, ListenFailure } from '../../src/protocol/gateway.ts';
import type { RegistryProtocol } from '../../src/protocol/registry.ts';
import { Registry, type RegistrySettings } from '../../src/registry/registry.ts';

export interface RegistryArgs extends RegistrySettings, BlobServerArgs {
  readonly host: string;
  /** 0 chooses a free one. */
  readonly port: number;
}

interface RegistryState {
  readonly args: RegistryArgs;
  readonly registry: Registry;
  address: GatewayAddress | ListenFailure | null;
  /** Asks for the address that came before it was known. */
  readonly waiting: number[];
}

export const registryBehaviour: Behaviour<RegistryArgs, RegistryState, RegistryProtocol> = { init, step };

function init(args: RegistryArgs, { random }: ActorContext): RegistryState {
  return { args, registry: new Registry(args, random), address: null, waiting: [] };
}

function step(state: RegistryState, input: Input<RegistryProtocol>): readonly Effect[] {
  switch (input.type) {
    case 'started':
      return [toPort({ type: 'load' })];
    case 'io':
      return happened(state, input.event as BlobServerEvent);
    case 'ask':
      if (state.address !== null) return [{ type: 'reply', request: input.request, body: state.address }];
      state.waiting.push(input.request);
      return [];
    case 'stop':
      return [{ type: 'stop' }];
    default:
      return [];
  }
}

function happened(state: RegistryState, event: BlobServerEvent): readonly Effect[] {
  switch (event.type) {
    case 'loaded': {
      const { host, port } = state.args;
      return [...state.registry.handle(event), { type: 'listen', host, port } as const].map(toPort);
    }
    case 'listening':
      return settle(state, { host: event.host, port: event.port });
    case 'loadFailed':
    case 'listenFailed': {
      const fields = { error: event.message };
      return [
        { type: 'log', level: 'error', message: 'the registry cannot serve', fields },
        ...settle(state, { failure: event.message }),
      ];
    }
    default:
      return state.registry.handle(event).map(toPort);
  }
}

/** Answers everybody who asked where it listens. */
function settle(state: RegistryState, address: GatewayAddress | ListenFailure): readonly Effect[] {
  state.address = address;
  return state.waiting.splice(0).map((request) => ({ type: 'reply', request, body: address }));
}

function toPort(command: BlobServerCommand): Effect {
  return { type: 'io', port: 'blobs', command };
}
