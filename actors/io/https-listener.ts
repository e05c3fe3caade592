/** The Listener port on node:http2 with HTTP/1.1 allowed, which is what kubectl (HTTP/2) and other clients (HTTP/1.1) both speak. */

import type { IncomingMessage } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { HttpHeaders, HttpRequest, ListenerCommand, ListenerEvent } from '../../src/actor/listener-port.ts';
import type { Port } from '../../src/actor/ports.ts';
import { unreachable } from '../../src/base/assert.ts';
import { emptyBytes } from '../../src/base/bytes.ts';
import { forwardTargetOf } from '../../src/http/forwarding.ts';
import { ForwardedExchange } from './forwarded-exchange.ts';
import { ForwardedUpgrade } from './forwarded-upgrade.ts';
import { collectBody, headersOf } from './incoming-request.ts';
import { listenAt, OpenSockets } from './listening.ts';
import { UpgradedConnection } from './upgraded-connection.ts';

type Emit = (event: ListenerEvent) => void;

export function openHttpsListener(emit: (event: unknown) => void): Port {
  const listener = new HttpsListener(emit as Emit);
  return { handle: (command) => listener.handle(command as ListenerCommand), close: () => listener.close() };
}

class HttpsListener {
  readonly #emit: Emit;
  readonly #exchanges = new Map<number, Http2ServerResponse>();
  readonly #upgrades = new Map<number, UpgradedConnection>();
  readonly #forwards = new Map<number, ForwardedExchange | ForwardedUpgrade>();
  #server: Http2SecureServer | undefined;
  #sockets: OpenSockets | undefined;
  #lastExchange = 0;
  #bodyBytesMax = 0;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  handle(command: ListenerCommand): void {
    switch (command.type) {
      case 'listen':
        return this.#listen(command);
      case 'respond':
        return this.#respond(command.exchange, command.status, command.headers, command.body);
      case 'begin':
        return this.#begin(command.exchange, command.status, command.headers);
      case 'write':
        return this.#write(command.exchange, command.bytes);
      case 'end':
        this.#upgrades.get(command.exchange)?.end();
        this.#forwards.get(command.exchange)?.port.conclude(command.failure ?? '');
        this.#exchanges.get(command.exchange)?.end();
        return;
      case 'switch':
        if (command.to === 'port') this.#forwards.get(command.exchange)?.forward(command);
        else this.#upgrades.get(command.exchange)?.switch(command);
        return;
      case 'receive':
        this.#upgrades.get(command.exchange)?.receive(command.messages);
        this.#forwards.get(command.exchange)?.port.allow(command.messages);
        return;
      case 'drain':
        this.#server?.close();
        return;
      default:
        return unreachable(command);
    }
  }

  close(): void {
    this.#server?.close();
    this.#sockets?.destroy();
  }

  #listen(command: Extract<ListenerCommand, { type: 'listen' }>): void {
    const { certificate, key, authority, bodyBytesMax } = command;
    this.#bodyBytesMax = bodyBytesMax;
    const server = createSecureServer({
      allowHTTP1: true,
      cert: certificate,
      key,
      ca: authority,
      requestCert: true,
      // A client without a certificate shows a token instead; who shows a false one is told so by the API server.
      rejectUnauthorized: false,
    });
    this.#server = server;
    this.#sockets = new OpenSockets(server);
    server.on('sessionError', () => {});
    server.on('request', (request, response) => this.#accept(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket as Socket, head);
    });
    listenAt(server, command, this.#emit, (message) => this.#emit({ type: 'failed', message }));
  }

  #accept(request: Http2ServerRequest, response: Http2ServerResponse): void {
    this.#lastExchange += 1;
    const exchange = this.#lastExchange;
    response.on('error', () => {});
    request.on('error', () => {});
    if (forwardTargetOf(request.url) !== null) return this.#forward(exchange, request, response);
    this.#exchanges.set(exchange, response);
    response.on('close', () => {
      this.#exchanges.delete(exchange);
      this.#emit({ type: 'closed', exchange });
    });
    if (request.method === 'GET') {
      this.#hand(exchange, request, emptyBytes);
      return;
    }
    return collectBody(
      request,
      this.#bodyBytesMax,
      (body) => this.#hand(exchange, request, body),
      () => this.#emit({ type: 'tooLarge', exchange }),
    );
  }

  #forward(exchange: number, request: Http2ServerRequest, response: Http2ServerResponse): void {
    this.#forwards.set(exchange, new ForwardedExchange(exchange, request, response, this.#emit));
    response.on('close', () => this.#forwards.delete(exchange));
    this.#emit({ type: 'forward', exchange, request: this.#read(request, emptyBytes) });
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#lastExchange += 1;
    const exchange = this.#lastExchange;
    if (forwardTargetOf(request.url ?? '') !== null) {
      this.#forwards.set(exchange, new ForwardedUpgrade(exchange, request, socket, head, this.#emit));
      socket.on('error', () => {});
      socket.on('close', () => this.#forwards.delete(exchange));
      this.#emit({ type: 'forward', exchange, request: this.#read(request, emptyBytes) });
      return;
    }
    this.#upgrades.set(exchange, new UpgradedConnection(exchange, request, socket, head, this.#emit));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#upgrades.delete(exchange);
      this.#emit({ type: 'closed', exchange });
    });
    this.#emit({ type: 'upgrade', exchange, request: this.#read(request, emptyBytes) });
  }

  #hand(exchange: number, request: Http2ServerRequest, body: Uint8Array): void {
    this.#emit({ type: 'request', exchange, request: this.#read(request, body) });
  }

  #read(request: Http2ServerRequest | IncomingMessage, body: Uint8Array): HttpRequest {
    const headers = headersOf(request);
    const authority = request.headers[':authority'];
    if (typeof authority === 'string') headers['host'] ??= authority;
    const lists = listsOf(request);
    const { method = 'GET', url = '/' } = request;
    const head = { method, target: url, headers, ...(lists === undefined ? {} : { lists }) };
    return { ...head, body, ...certificateOf(request) };
  }

  #respond(exchange: number, status: number, headers: HttpHeaders, body: Uint8Array): void {
    this.#upgrades.get(exchange)?.respond(status, headers, body);
    this.#forwards.get(exchange)?.respond(status, headers, body);
    const response = this.#exchanges.get(exchange);
    if (response === undefined || response.headersSent) return;
    response.writeHead(status, { ...headers, 'content-length': body.length } as never);
    response.end(body);
  }

  #begin(exchange: number, status: number, headers: HttpHeaders): void {
    const response = this.#exchanges.get(exchange);
    if (response === undefined || response.headersSent) return;
    response.writeHead(status, headers as never);
    // A watch's client waits for the headers before the first event.
    (response as unknown as { flushHeaders?: () => void }).flushHeaders?.();
  }

  #write(exchange: number, bytes: Uint8Array): void {
    this.#upgrades.get(exchange)?.write(bytes);
    this.#forwards.get(exchange)?.port.arrived(bytes);
    const response = this.#exchanges.get(exchange);
    if (response === undefined || response.destroyed) return;
    response.write(bytes, () => this.#emit({ type: 'written', exchange }));
  }
}

/** A group's name may hold a comma, so its header must not be joined with the next one. */
function listsOf({ headers, rawHeaders }: Http2ServerRequest | IncomingMessage): Record<string, string[]> | undefined {
  let lists: Record<string, string[]> | undefined;
  for (const name in headers) {
    if (!name.startsWith('impersonate-')) continue;
    lists ??= {};
    lists[name] = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
  }
  return lists;
}

type CertificateFacts = Pick<HttpRequest, 'certificate' | 'isCertificateFalse'>;

/** A connection shows its certificate once; to decode it takes longer than to answer a request. */
const certificates = new WeakMap<object, CertificateFacts>();

function certificateOf(request: Http2ServerRequest | IncomingMessage): CertificateFacts {
  const socket = request.socket as TLSSocket;
  const known = certificates.get(socket);
  if (known !== undefined) return known;
  const facts = readCertificate(socket);
  certificates.set(socket, facts);
  return facts;
}

function readCertificate(socket: TLSSocket): CertificateFacts {
  const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  if (subject === undefined) return { certificate: null };
  const [user] = [subject.CN ?? []].flat();
  if (socket.authorized !== true || user === undefined) return { certificate: null, isCertificateFalse: true };
  const organizations = subject.O as unknown as string | readonly string[] | undefined;
  return { certificate: { user, groups: organizations === undefined ? [] : [organizations].flat() } };
}
