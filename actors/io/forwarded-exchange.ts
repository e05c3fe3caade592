/**
 * One request that is passed on to the port of a pod, by Node's own HTTP client. Bodies are piped both ways: whoever is slow slows the other
 * side down. An answer that breaks off breaks the client's off as well, so that nobody takes a part for the whole.
 */
import { type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { pipeline } from 'node:stream';
import type { HttpHeaders, ListenerCommand, ListenerEvent } from '../../src/actor/listener-port.ts';
import { returnedHeaders } from '../../src/http/forwarding.ts';
import { PortSocket } from './port-socket.ts';

type ForwardCommand = Extract<ListenerCommand, { readonly to: 'port' }>;

export class ForwardedExchange {
  readonly #request: Http2ServerRequest;
  readonly #response: Http2ServerResponse;
  readonly #emit: (event: ListenerEvent) => void;
  readonly #exchange: number;
  readonly port: PortSocket;
  #upstream: ClientRequest | null = null;
  #isFailed = false;

  constructor(
    exchange: number,
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    emit: (event: ListenerEvent) => void,
  ) {
    this.#exchange = exchange;
    this.#request = request;
    this.#response = response;
    this.#emit = emit;
    this.port = new PortSocket(exchange, emit);
    response.on('close', () => {
      this.#upstream?.destroy();
      this.port.destroy();
      emit({ type: 'closed', exchange });
    });
  }

  /** The connection is there: the request goes out. */
  forward(command: ForwardCommand): void {
    try {
      this.#send(command);
    } catch (error) {
      // A target or a header that HTTP/2 lets pass and HTTP/1.1 has no way to write.
      this.#failed(error as Error);
    }
  }

  #send({ isSecure, target, prefix, headers }: ForwardCommand): void {
    const { method = 'GET' } = this.#request;
    const isEndless = headers['content-length'] === undefined && hasBody(this.#request);
    const upstream = openRequest({
      method,
      path: target,
      headers: isEndless ? { ...headers, 'transfer-encoding': 'chunked' } : headers,
      createConnection: () => this.port.connection(isSecure),
    });
    this.#upstream = upstream;
    upstream.on('error', (error) => this.#failed(error));
    // An answer 101 that nobody asked for ends the connection without an error.
    upstream.on('close', () => this.#failed(new Error('the connection was closed')));
    upstream.on('response', (answer) => this.#answered(answer, prefix, headers['host'] ?? ''));
    upstream.on('information', () => {});
    if (isEndless || headers['content-length'] !== undefined) {
      // A port that answers before it has read everything is not to lose its answer by that.
      this.#request.on('error', () => upstream.destroy());
      this.#request.pipe(upstream);
    } else upstream.end();
  }

  /** Answers the client without the port. */
  respond(status: number, headers: HttpHeaders, body: Uint8Array): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(status, { ...headers, 'content-length': body.length } as never);
    this.#response.end(body);
    // What the client still sends is for nobody.
    this.#request.resume();
  }

  #answered(answer: IncomingMessage, prefix: string, host: string): void {
    const { statusCode = 502, rawHeaders } = answer;
    try {
      this.#response.writeHead(statusCode, returnedHeaders(rawHeaders, prefix, host) as never);
    } catch (error) {
      // The other way round: HTTP/1.1 has statuses and headers that HTTP/2 does not know.
      answer.destroy(error as Error);
      this.#failed(error as Error);
      return;
    }
    pipeline(answer, this.#response, (error) => {
      if (error !== null && error !== undefined) this.#breakOff();
    });
  }

  /** Once an answer has begun it tells by itself whether it came to its end, whatever became of the request behind it. */
  #failed(error: Error): void {
    if (this.#isFailed || this.#response.headersSent) return;
    this.#isFailed = true;
    this.#emit({ type: 'unreached', exchange: this.#exchange, message: error.message });
  }

  #breakOff(): void {
    const { stream } = this.#response as { stream?: { readonly close?: (code: number) => void } };
    // HTTP/2 resets the one stream; with HTTP/1.1 the end of the connection says that the answer is no whole one.
    if (stream?.close === undefined) this.#request.socket.destroy();
    else stream.close(internalError);
  }
}

/** HTTP/2's INTERNAL_ERROR. */
const internalError = 2;

function hasBody(request: Http2ServerRequest): boolean {
  if (request.httpVersionMajor === 1) return request.headers['transfer-encoding'] !== undefined;
  return !request.stream.endAfterHeaders;
}
