/**
 * One request that is passed on to the port of a pod, by Node's own HTTP client. Bodies are piped both ways: whoever is slow slows the other
 * side down. An answer that breaks off breaks the client's off as well, so that nobody takes a part for the whole.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { pipeline } from 'node:stream';
import type { HttpHeaders, ListenerEvent } from '../../src/actor/listener-port.ts';
import { returnedHeaders } from '../../src/http/forwarding.ts';
import { type ForwardCommand, PortRequest } from './port-request.ts';
import type { PortSocket } from './port-socket.ts';

export class ForwardedExchange {
  readonly #request: Http2ServerRequest;
  readonly #response: Http2ServerResponse;
  readonly #upstream: PortRequest;

  constructor(
    exchange: number,
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    emit: (event: ListenerEvent) => void,
  ) {
    this.#request = request;
    this.#response = response;
    this.#upstream = new PortRequest(exchange, emit, () => response.headersSent);
    response.on('close', () => this.#upstream.close());
  }

  get port(): PortSocket {
    return this.#upstream.socket;
  }

  /** The connection is there: the request goes out. */
  forward(command: ForwardCommand): void {
    const { headers, prefix } = command;
    const isEndless = headers['content-length'] === undefined && hasBody(this.#request);
    const framed = isEndless ? { ...headers, 'transfer-encoding': 'chunked' } : headers;
    this.#upstream.open(command, this.#request.method, framed, (upstream) => {
      upstream.on('response', (answer) => this.#answered(answer, prefix, headers['host'] ?? ''));
      upstream.on('information', () => {});
      if (isEndless || headers['content-length'] !== undefined) this.#sendBody(upstream);
      else upstream.end();
    });
  }

  #sendBody(upstream: ClientRequest): void {
    // A port that answers before it has read everything is not to lose its answer by that.
    this.#request.on('error', () => upstream.destroy());
    this.#request.pipe(upstream);
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
      this.#upstream.fail(error as Error);
      return;
    }
    pipeline(answer, this.#response, (error) => {
      if (error !== null && error !== undefined) this.#breakOff();
    });
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
