/**
 * Upgraded connections: each is a wire (src/http) between a client and one or more sessions of the API server. Output goes as fast as the
 * client reads, because a session's credit returns when its bytes have left; input goes as fast as the program reads, because the client
 * is read from only while little of what it sent is still waiting.
 */
import type { Effect } from '../../src/actor/effect.ts';
import type { HttpRequest } from '../../src/actor/listener-port.ts';
import { serviceUnavailable } from '../../src/api/status-errors.ts';
import { errorResponse } from '../../src/apiserver/answer.ts';
import { translateUpgrade } from '../../src/apiserver/gateway/translate.ts';
import { translateForward } from '../../src/apiserver/gateway/translate-forward.ts';
import { ownBytes, utf8Text } from '../../src/base/bytes.ts';
import type { ForwardHandshake } from '../../src/http/forwarding.ts';
import { PortWire } from '../../src/http/port-wire.ts';
import type { Handshake } from '../../src/http/upgrade.ts';
import type { SessionEnd, Wire, WireEvent } from '../../src/http/wire.ts';
import type { ApiResponse, ApiSessionItem, ApiSessionRequest, ResourceRequest } from '../../src/protocol/apiserver.ts';
import { type SessionInputOutcome, sessionChunkBytesMax, sessionInputTimeoutMs } from '../../src/protocol/session.ts';
import { http, respond } from './listener-effects.ts';

/** Subscriptions and asks of sessions have ids from here on; those of exchanges lie below. */
const sessionIdMin = 1_000_000_000_000;
/** Chunks of output that may be on their way to one client. */
const outputCredit = 8;
/** Messages of a client that may be on their way here. */
const inputCredit = 4;
/** Beyond this much input that programs have not taken, the client is not read from. */
const heldBytesMax = 256 * 1024;

interface Connection {
  readonly exchange: number;
  readonly request: ResourceRequest;
  readonly wire: Wire;
  /** What the listener is told when the session is accepted. */
  readonly handshake: Effect;
  isOpen: boolean;
  isEnding: boolean;
  /** By the wire's number. */
  readonly sessions: Map<number, Session>;
  /** Whose output each write on its way is. */
  readonly leaving: (number | null)[];
  heldBytes: number;
  /** Messages that were received and not allowed anew. */
  owedMessages: number;
}

interface Session {
  readonly connection: Connection;
  /** Under which it is subscribed to. */
  readonly id: number;
  readonly sessionId: string;
  /** The wire's number; null for the question whether ports of a pod can be connected to. */
  readonly number: number | null;
  isAccepted: boolean;
  readonly inputs: { readonly bytes: Uint8Array; readonly isEnd: boolean }[];
  /** The ask whose answer allows the next input; 0: none is under way. */
  asking: number;
}

const lost: SessionEnd = { type: 'failed', message: 'the connection to the container was lost' };

export class Connections {
  readonly #apiServer: string;
  /** Makes ids of sessions unique in the cluster. */
  readonly #prefix: string;
  readonly #connections = new Map<number, Connection>();
  readonly #sessions = new Map<number, Session>();
  readonly #asks = new Map<number, Session>();
  #lastId = sessionIdMin;

  constructor(apiServer: string, prefix: string) {
    this.#apiServer = apiServer;
    this.#prefix = prefix;
  }

  has(exchange: number): boolean {
    return this.#connections.has(exchange);
  }

  /** A client wants an upgrade: its connection waits until the session is accepted. */
  open(exchange: number, http: HttpRequest): readonly Effect[] {
    const translation = translateUpgrade(http);
    if (translation.type === 'refuse') return [respond(exchange, translation.response)];
    const { request, upgrade } = translation;
    const handshake = handshakeOf(exchange, upgrade.handshake);
    const connection = this.#connect(exchange, request, upgrade.wire, handshake);
    const isForward = request.subresource === 'portforward';
    return this.#openSession(connection, isForward ? null : 0, null, 1);
  }

  /** A client's request is for the port of a pod: it waits until that is connected to. */
  forward(exchange: number, http: HttpRequest): readonly Effect[] {
    const translation = translateForward(http);
    if (translation.type === 'refuse') return [respond(exchange, translation.response)];
    const { request, handshake } = translation;
    const connection = this.#connect(exchange, request, new PortWire(), handshakeOf(exchange, handshake));
    return this.#openSession(connection, 0, null, 1);
  }

  #connect(exchange: number, request: ResourceRequest, wire: Wire, handshake: Effect): Connection {
    const connection: Connection = {
      exchange,
      request,
      wire,
      handshake,
      isOpen: false,
      isEnding: false,
      sessions: new Map(),
      leaving: [],
      heldBytes: 0,
      owedMessages: 0,
    };
    this.#connections.set(exchange, connection);
    return connection;
  }

  received(exchange: number, bytes: Uint8Array): readonly Effect[] {
    const connection = this.#connections.get(exchange);
    if (connection === undefined || !connection.isOpen || connection.isEnding) return [];
    connection.owedMessages += 1;
    return [...this.#handle(connection, connection.wire.receive(bytes)), ...allow(connection)];
  }

  written(exchange: number): readonly Effect[] {
    const connection = this.#connections.get(exchange);
    const number = connection?.leaving.shift() ?? null;
    return connection === undefined || number === null ? [] : creditOf(connection, number, 1);
  }

  /** The client is gone. */
  closed(exchange: number): readonly Effect[] {
    const connection = this.#connections.get(exchange);
    if (connection === undefined) return [];
    this.#connections.delete(exchange);
    return [...this.#sessions.values()]
      .filter((session) => session.connection === connection)
      .flatMap((session) => this.#leave(session));
  }

  /** Null when the subscription is none of a session's. */
  item(id: number, item: ApiSessionItem): readonly Effect[] | null {
    if (id < sessionIdMin) return null;
    const session = this.#sessions.get(id);
    if (session === undefined) return [];
    const { connection, number } = session;
    switch (item.type) {
      case 'accepted':
        return this.#accepted(session);
      case 'refused':
        return this.#refused(session, item.response);
      case 'stdout':
      case 'stderr':
        if (number !== null) connection.wire.output(number, item.type, ownBytes(item.bytes));
        return this.#flush(connection);
      case 'exited':
        return this.#finish(session, connection.request.subresource === 'attach' ? { ...item, exitCode: 0 } : item);
      case 'failed':
        return this.#finish(session, item);
    }
  }

  ended(id: number): readonly Effect[] | null {
    if (id < sessionIdMin) return null;
    const session = this.#sessions.get(id);
    if (session === undefined) return [];
    if (session.isAccepted && session.number === null) return this.#leave(session);
    return session.isAccepted || session.connection.isOpen ? this.#finish(session, lost) : this.#refused(session, null);
  }

  /** An input was taken, or nobody is there any more to take it; null when the ask is none of a session's. */
  answered(id: number, outcome: SessionInputOutcome | null): readonly Effect[] | null {
    if (id < sessionIdMin) return null;
    const session = this.#asks.get(id);
    if (session === undefined) return [];
    this.#asks.delete(id);
    session.asking = 0;
    const { connection, number, inputs } = session;
    const taken = inputs.shift()?.bytes.length ?? 0;
    connection.heldBytes -= taken;
    if (outcome?.type !== 'done') dropInputs(session);
    if (number !== null) connection.wire.taken(number, taken);
    return [...this.#askNext(session), ...this.#flush(connection), ...allow(connection)];
  }

  #openSession(connection: Connection, number: number | null, port: number | null, credit: number): readonly Effect[] {
    this.#lastId += 1;
    const id = this.#lastId;
    const sessionId = `${this.#prefix}${id}`;
    const session: Session = { connection, id, sessionId, number, isAccepted: false, inputs: [], asking: 0 };
    this.#sessions.set(id, session);
    if (number !== null) connection.sessions.set(number, session);
    const request: ApiSessionRequest = { request: connection.request, sessionId, port };
    return [{ type: 'subscribe', to: this.#apiServer, id, body: { type: 'session', request }, credit }];
  }

  #accepted(session: Session): readonly Effect[] {
    const { connection } = session;
    session.isAccepted = true;
    if (connection.isOpen) return this.#askNext(session);
    connection.isOpen = true;
    const { exchange, wire, handshake } = connection;
    return [
      handshake,
      http({ type: 'receive', exchange, messages: inputCredit }),
      ...this.#handle(connection, wire.start()),
    ];
  }

  /** A connection that was not upgraded is answered; one of several sessions ends alone. */
  #refused(session: Session, response: ApiResponse | null): readonly Effect[] {
    const { connection } = session;
    const { bytes = null } = response ?? {};
    if (connection.isOpen) return this.#finish(session, bytes === null ? lost : failureOf(bytes));
    this.#connections.delete(connection.exchange);
    return [
      ...this.#leave(session),
      respond(connection.exchange, response ?? errorResponse(serviceUnavailable('the API server is not running', 1))),
    ];
  }

  #handle(connection: Connection, events: readonly WireEvent[]): readonly Effect[] {
    const effects = events.flatMap((event) => this.#take(connection, event));
    return [...effects, ...this.#flush(connection)];
  }

  #take(connection: Connection, event: WireEvent): readonly Effect[] {
    switch (event.type) {
      case 'ready':
        return creditOf(connection, 0, outputCredit);
      case 'connect':
        return this.#openSession(connection, event.session, event.port, outputCredit + 1);
      case 'input':
        return this.#input(connection, event);
      case 'resize': {
        const session = connection.sessions.get(0);
        if (session === undefined) return [];
        const { columns, rows } = event;
        const message = { sessionId: session.sessionId, columns, rows };
        return [{ type: 'send', to: this.#apiServer, body: { type: 'resizeSession', message } }];
      }
      case 'closed': {
        const session = connection.sessions.get(event.session);
        return session === undefined ? [] : this.#leave(session);
      }
      case 'broken':
        return this.#end(connection);
    }
  }

  #input(connection: Connection, event: WireEvent & { readonly type: 'input' }): readonly Effect[] {
    const session = connection.sessions.get(event.session);
    if (session === undefined) {
      connection.wire.taken(event.session, event.bytes.length);
      return [];
    }
    const bytes = ownBytes(event.bytes);
    for (let at = 0; at < bytes.length || at === 0; at += sessionChunkBytesMax) {
      const chunk = bytes.subarray(at, at + sessionChunkBytesMax);
      const isEnd = event.isEnd && at + sessionChunkBytesMax >= bytes.length;
      if (chunk.length > 0 || isEnd) session.inputs.push({ bytes: chunk, isEnd });
    }
    connection.heldBytes += bytes.length;
    return this.#askNext(session);
  }

  #askNext(session: Session): readonly Effect[] {
    const next = session.inputs[0];
    if (next === undefined || session.asking !== 0 || !session.isAccepted) return [];
    this.#lastId += 1;
    session.asking = this.#lastId;
    this.#asks.set(session.asking, session);
    const body = { type: 'sendInput', request: { sessionId: session.sessionId, ...next } };
    return [{ type: 'ask', to: this.#apiServer, id: session.asking, body, timeoutMs: sessionInputTimeoutMs }];
  }

  #finish(session: Session, end: SessionEnd): readonly Effect[] {
    const { connection, number } = session;
    if (number !== null) connection.wire.finish(number, end);
    return [...this.#leave(session), ...this.#flush(connection), ...allow(connection)];
  }

  /** Forgets a session and whatever of it is under way. */
  #leave(session: Session): readonly Effect[] {
    const { connection, id, asking, number } = session;
    this.#sessions.delete(id);
    if (number !== null) connection.sessions.delete(number);
    dropInputs(session);
    const cancelled: readonly Effect[] = this.#asks.delete(asking) ? [{ type: 'cancelAsk', id: asking }] : [];
    return [...cancelled, { type: 'unsubscribe', id }];
  }

  #flush(connection: Connection): readonly Effect[] {
    const { wire, exchange, leaving } = connection;
    const effects: Effect[] = [];
    for (const { bytes, session } of wire.takeWrites()) {
      if (bytes.length === 0) {
        if (session !== null) effects.push(...creditOf(connection, session, 1));
        continue;
      }
      leaving.push(session);
      effects.push(http({ type: 'write', exchange, bytes }));
    }
    if (wire.isOver && connection.isOpen) effects.push(...this.#end(connection));
    return effects;
  }

  #end(connection: Connection): readonly Effect[] {
    if (connection.isEnding) return [];
    connection.isEnding = true;
    const { exchange, wire } = connection;
    const { failure = '' } = wire;
    return [http(failure === '' ? { type: 'end', exchange } : { type: 'end', exchange, failure })];
  }
}

/** Lets the client send more, as long as not too much of what it sent waits. */
function allow(connection: Connection): readonly Effect[] {
  const { owedMessages: messages, heldBytes, exchange, isEnding } = connection;
  if (messages === 0 || heldBytes > heldBytesMax || isEnding) return [];
  connection.owedMessages = 0;
  return [http({ type: 'receive', exchange, messages })];
}

function dropInputs(session: Session): void {
  for (const { bytes } of session.inputs.splice(0)) session.connection.heldBytes -= bytes.length;
}

function creditOf({ sessions }: Connection, number: number, messages: number): readonly Effect[] {
  const session = sessions.get(number);
  return session === undefined ? [] : [{ type: 'credit', id: session.id, messages }];
}

function handshakeOf(exchange: number, handshake: Handshake | ForwardHandshake): Effect {
  return http({ type: 'switch', exchange, ...handshake });
}

function failureOf(status: Uint8Array): SessionEnd {
  const { message = 'refused' } = JSON.parse(utf8Text(status)) as { readonly message?: string };
  return { type: 'failed', message };
}
