/**
 * The request that Node's HTTP client makes to the port of a pod, on behalf of whoever asked. Until there is an answer, what goes wrong is told once, as
 * `unreached`.
 */
import { type ClientRequest, type OutgoingHttpHeaders, request as openRequest } from 'node:http';
import type { ListenerCommand, ListenerEvent } from '../../src/actor/listener-port.ts';
import { PortSocket } from './port-socket.ts';

export type ForwardCommand = Extract<ListenerCommand, { readonly to: 'port' }>;

export class PortRequest {
  readonly socket: PortSocket;
  readonly #exchange: number;
  readonly #emit: (event: ListenerEvent) => void;
  readonly #isAnswered: () => boolean;
  #request: ClientRequest | null = null;
  #isFailed = false;

  /** Once `isAnswered`, the answer tells by itself whether it came to its end, whatever became of the request behind it. */
  constructor(exchange: number, emit: (event: ListenerEvent) => void, isAnswered: () => boolean) {
    this.#exchange = exchange;
    this.#emit = emit;
    this.#isAnswered = isAnswered;
    this.socket = new PortSocket(exchange, emit);
  }

  /** Opens the request when the connection is there; `begin` listens for the answer and sends the body. */
  open(
    { isSecure, target }: ForwardCommand,
    method: string | undefined,
    headers: OutgoingHttpHeaders,
    begin: (request: ClientRequest) => void,
  ): void {
    try {
      const request = openRequest({
        method: method ?? 'GET',
        path: target,
        headers,
        createConnection: () => this.socket.connection(isSecure),
      });
      this.#request = request;
      request.on('error', (error) => this.fail(error));
      // An answer 101 that nobody asked for ends the connection without an error.
      request.on('close', () => this.fail(new Error('the connection was closed')));
      begin(request);
    } catch (error) {
      // A target or a header that HTTP/2, or Node's own server, lets pass and Node's client has no way to write.
      this.fail(error as Error);
    }
  }

  fail(error: Error): void {
    if (this.#isFailed || this.#isAnswered()) return;
    this.#isFailed = true;
    this.#emit({ type: 'unreached', exchange: this.#exchange, message: error.message });
  }

  /** The client is gone, or has all of its answer. */
  close(): void {
    this.#request?.destroy();
    this.socket.destroy();
    this.#emit({ type: 'closed', exchange: this.#exchange });
  }
}
