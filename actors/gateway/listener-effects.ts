/** What the gateway tells its listener, as effects. */
import type { Effect } from '../../src/actor/effect.ts';
import type { ListenerCommand } from '../../src/actor/listener-port.ts';
import { responseHeaders } from '../../src/apiserver/gateway/response-headers.ts';
import type { ApiResponse } from '../../src/protocol/apiserver.ts';

export function http(command: ListenerCommand): Effect {
  return { type: 'io', port: 'http', command };
}

/** Answers an exchange as a whole. */
export function respond(exchange: number, response: ApiResponse): Effect {
  const { status, bytes: body } = response;
  return http({ type: 'respond', exchange, status, headers: responseHeaders(response), body });
}
