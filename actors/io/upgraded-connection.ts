/**
 * One connection that a client wants upgraded: a WebSocket, whose messages pass through as they are, or plain bytes. Reading goes by
 * credit, so what the cluster does not take stays with the client.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { HttpHeaders, ListenerCommand, ListenerEvent } from '../../src/actor/listener-port.ts';
import { writeRawAnswer, writeRawHead } from './raw-answer.ts';

const messageBytesMax = 1024 * 1024;
/** How long a client may take to close its side. */
const closeMs = 5_000;
const protocolHeader = 'sec-websocket-protocol';

type SwitchCommand = Exclude<Extract<ListenerCommand, { readonly type: 'switch' }>, { readonly to: 'port' }>;

export class UpgradedConnection {
  readonly #exchange: number;
  readonly #request: IncomingMessage;
  readonly #socket: Socket;
  readonly #head: Buffer;
  readonly #emit: (event: ListenerEvent) => void;
  #webSocket: WebSocket | null = null;
  #isSwitched = false;
  #credit = 0;

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
  }

  /** Refuses the upgrade. */
  respond(status: number, headers: HttpHeaders, body: Uint8Array): void {
    if (this.#isSwitched) return;
    this.#isSwitched = true;
    writeRawAnswer(this.#socket, status, headers, body);
    this.#endSocket();
  }

  switch(command: SwitchCommand): void {
    if (this.#isSwitched) return;
    this.#isSwitched = true;
    if (command.to === 'websocket') return this.#openWebSocket(command.subprotocol);
    writeRawHead(this.#socket, 101, command.headers);
    const socket = this.#socket;
    socket.pause();
    if (this.#head.length > 0) socket.unshift(this.#head);
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    // The client has no more to say; what it is still told is for `end` to finish.
    socket.on('end', () => this.#endSocket());
    this.#regulate();
    return undefined;
  }

  receive(messages: number): void {
    this.#credit += messages;
    this.#regulate();
  }

  write(bytes: Uint8Array): void {
    const written = (): void => this.#emit({ type: 'written', exchange: this.#exchange });
    if (this.#webSocket === null) this.#socket.write(bytes, written);
    else this.#webSocket.send(bytes, { binary: true }, written);
  }

  end(): void {
    if (this.#webSocket === null) this.#endSocket();
    else {
      this.#webSocket.close(1000);
      this.#destroyLater();
    }
  }

  #openWebSocket(subprotocol: string): void {
    const server = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax });
    // A name with a slash, as that of the SPDY tunnel, is no token: ws would refuse it, so it neither reads nor writes this header.
    delete this.#request.headers[protocolHeader];
    server.on('headers', (headers) => {
      if (subprotocol !== '') headers.push(`${protocolHeader}: ${subprotocol}`);
    });
    server.handleUpgrade(this.#request, this.#socket, this.#head, (webSocket) => {
      this.#webSocket = webSocket;
      webSocket.binaryType = 'nodebuffer';
      webSocket.on('error', () => {});
      webSocket.on('message', (message: Buffer) => this.#received(message));
      this.#regulate();
    });
  }

  #received(bytes: Uint8Array): void {
    this.#credit -= 1;
    this.#regulate();
    this.#emit({ type: 'received', exchange: this.#exchange, bytes });
  }

  /** Messages of one packet may come though there is no credit for them; the next packet waits. */
  #regulate(): void {
    const source = this.#webSocket ?? this.#socket;
    if (this.#credit > 0) source.resume();
    else source.pause();
  }

  #endSocket(): void {
    this.#socket.end();
    this.#destroyLater();
  }

  #destroyLater(): void {
    const timer = setTimeout(() => this.#socket.destroy(), closeMs);
    timer.unref();
    this.#socket.once('close', () => clearTimeout(timer));
    // What still comes is not wanted, but the client's end must be seen.
    this.#socket.resume();
  }
}
