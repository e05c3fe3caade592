/**
 * One request for an upgrade that is passed on to the port of a pod. If the port agrees, client and port speak as they like from then on; if
 * not, its answer is the client's.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type { HttpHeaders, ListenerEvent } from '../../src/actor/listener-port.ts';
import { returnedHeaders, switchedHeaders } from '../../src/http/forwarding.ts';
import { type ForwardCommand, PortRequest } from './port-request.ts';
import type { PortSocket } from './port-socket.ts';
import { writeRawAnswer, writeRawHead } from './raw-answer.ts';

const noBytes = Buffer.alloc(0);

export class ForwardedUpgrade {
  readonly #request: IncomingMessage;
  readonly #socket: Socket;
  readonly #upstream: PortRequest;
  #head: Buffer;
  #isAnswered = false;

  constructor(
    exchange: number,
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    emit: (event: ListenerEvent) => void,
  ) {
    this.#request = request;
    this.#socket = socket;
    this.#head = head;
    this.#upstream = new PortRequest(exchange, emit, () => this.#isAnswered);
    socket.on('close', () => this.#upstream.close());
  }

  get port(): PortSocket {
    return this.#upstream.socket;
  }

  forward(command: ForwardCommand): void {
    const { headers, prefix } = command;
    const { upgrade = '', 'transfer-encoding': encoding } = this.#request.headers;
    const framing = encoding === undefined ? {} : { 'transfer-encoding': encoding };
    const asking = { ...headers, ...framing, connection: 'Upgrade', upgrade };
    this.#upstream.open(command, this.#request.method, asking, (upstream) => {
      upstream.on('upgrade', (answer, port, ahead) => this.#pass(port, () => this.#switched(answer, port, ahead)));
      upstream.on('response', (answer) =>
        this.#pass(answer, () =>
          this.#refused(answer, returnedHeaders(answer.rawHeaders, prefix, headers['host'] ?? '')),
        ),
      );
      if (encoding === undefined && headers['content-length'] === undefined) upstream.end();
      else this.#sendBody(upstream);
    });
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
      else this.#upstream.fail(error as Error);
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
}
