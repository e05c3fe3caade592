/**
 * One request for an upgrade that is passed on to the port of a pod. If the port agrees, client and port speak as they like from then on; if
 * not, its answer is the client's.
 */
import { type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type { HttpHeaders, ListenerCommand, ListenerEvent } from '../../src/actor/listener-port.ts';
import { returnedHeaders, switchedHeaders } from '../../src/http/forwarding.ts';
import { PortSocket } from './port-socket.ts';
import { writeRawAnswer, writeRawHead } from './raw-answer.ts';

type ForwardCommand = Extract<ListenerCommand, { readonly to: 'port' }>;

const noBytes = Buffer.alloc(0);

export class ForwardedUpgrade {
  readonly port: PortSocket;
  readonly #exchange: number;
  readonly #request: IncomingMessage;
  readonly #socket: Socket;
  #head: Buffer;
  readonly #emit: (event: ListenerEvent) => void;
  #upstream: ClientRequest | null = null;
  #isAnswered = false;
  #isFailed = false;

  constructor(
    exchange: number,
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    emit: (event: ListenerEvent) => void,
  ) {
    this.#exchange = exchange;
    this.#request = request;
    this.#socket = socket;
    this.#head = head;
    this.#emit = emit;
    this.port = new PortSocket(exchange, emit);
    socket.on('close', () => {
      this.#upstream?.destroy();
      this.port.destroy();
      emit({ type: 'closed', exchange });
    });
  }

  forward(command: ForwardCommand): void {
    try {
      this.#send(command);
    } catch (error) {
      // Node's client does not write everything that its server reads.
      this.#failed(error as Error);
    }
  }

  #send({ isSecure, target, prefix, headers }: ForwardCommand): void {
    const { method = 'GET' } = this.#request;
    const { upgrade = '', 'transfer-encoding': encoding } = this.#request.headers;
    const framing = encoding === undefined ? {} : { 'transfer-encoding': encoding };
    const upstream = openRequest({
      method,
      path: target,
      headers: { ...headers, ...framing, connection: 'Upgrade', upgrade },
      createConnection: () => this.port.connection(isSecure),
    });
    this.#upstream = upstream;
    upstream.on('error', (error) => this.#failed(error));
    upstream.on('close', () => this.#failed(new Error('the connection was closed')));
    upstream.on('upgrade', (answer, port, ahead) => this.#pass(port, () => this.#switched(answer, port, ahead)));
    upstream.on('response', (answer) =>
      this.#pass(answer, () =>
        this.#refused(answer, returnedHeaders(answer.rawHeaders, prefix, headers['host'] ?? '')),
      ),
    );
    if (encoding === undefined && headers['content-length'] === undefined) upstream.end();
    else this.#sendBody(upstream);
  }

  /** Node leaves the body of such a request on its socket, as it came: it is passed on with whatever frames it, before the port has agreed. */
  #sendBody(upstream: ClientRequest): void {
    upstream.flushHeaders();
    upstream.chunkedEncoding = false;
    if (this.#head.length > 0) upstream.write(this.#head);
    this.#head = noBytes;
    this.#socket.pipe(upstream);
  }

  respond(status: number, headers: HttpHeaders, body: Uint8Array): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    writeRawAnswer(this.#socket, status, headers, body);
    this.#socket.end();
    // What still comes is not wanted, but the client's end must be seen.
    this.#socket.resume();
  }

  /** Whatever a pod answers, it must not end the thread that passes the answer on. */
  #pass(from: Readable, pass: () => void): void {
    try {
      pass();
    } catch (error) {
      from.destroy();
      if (this.#isAnswered) this.#socket.destroy();
      else this.#failed(error as Error);
    }
  }

  #refused(answer: IncomingMessage, headers: HttpHeaders): void {
    this.#isAnswered = true;
    writeRawHead(this.#socket, answer.statusCode ?? 502, { ...headers, connection: 'close' });
    answer.on('error', () => this.#socket.destroy());
    answer.pipe(this.#socket);
  }

  #switched({ rawHeaders }: IncomingMessage, port: Duplex, ahead: Buffer): void {
    const headers = switchedHeaders(rawHeaders);
    this.#isAnswered = true;
    const socket = this.#socket;
    writeRawHead(socket, 101, headers);
    if (ahead.length > 0) socket.write(ahead);
    if (this.#head.length > 0) port.write(this.#head);
    port.on('error', () => socket.destroy());
    socket.unpipe();
    socket.pipe(port).pipe(socket);
  }

  #failed(error: Error): void {
    if (this.#isFailed || this.#isAnswered) return;
    this.#isFailed = true;
    this.#emit({ type: 'unreached', exchange: this.#exchange, message: error.message });
  }
}
