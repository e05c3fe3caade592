/**
 * Sessions over SPDY streams, each of which says by its headers what it carries.
 * Models apimachinery pkg/util/httpstream/spdy and kubelet's cri/streaming/{remotecommand,portforward}/httpstream.go.
 */
import { concatBytes, emptyBytes, ownBytes, utf8, utf8Text } from '../base/bytes.ts';
import { statusBytes, terminalSize } from './remote-status.ts';
import { resetStatus, SpdyConnection, type SpdyEvent } from './spdy-connection.ts';
import type { CommandStreams, SessionEnd, Wire, WireEvent, WireWrite } from './wire.ts';

type StreamName = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

const sizeBytesMax = 1024;
/** Connections to ports that one client may have open at a time. */
const connectionsMax = 256;

/** exec and attach, `channel.k8s.io` (1) to `v5.channel.k8s.io`. */
export class SpdyCommandWire implements Wire {
  readonly #connection = new SpdyConnection();
  readonly #version: number;
  readonly #missing: Set<StreamName>;
  readonly #idOf = new Map<StreamName, number>();
  readonly #nameOf = new Map<number, StreamName>();
  #size: Uint8Array = emptyBytes;
  #hasFinished = false;

  constructor(version: number, { stdin, stdout, stderr, tty }: CommandStreams) {
    this.#version = version;
    const wanted = { error: true, stdin, stdout, stderr, resize: tty && version >= 3 };
    const names: readonly StreamName[] = ['error', 'stdin', 'stdout', 'stderr', 'resize'];
    this.#missing = new Set(names.filter((name) => wanted[name]));
  }

  get isOver(): boolean {
    return this.#hasFinished && this.#connection.isDrained;
  }

  start(): readonly WireEvent[] {
    return [];
  }

  receive(bytes: Uint8Array): readonly WireEvent[] {
    return this.#connection.receive(bytes).flatMap((event) => this.#take(event));
  }

  output(session: number, stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#connection.send(this.#idOf.get(stream) ?? 0, bytes, false, session);
  }

  finish(_session: number, end: SessionEnd): void {
    this.#hasFinished = true;
    for (const name of ['stdout', 'stderr', 'stdin', 'resize'] as const) {
      this.#connection.send(this.#idOf.get(name) ?? 0, emptyBytes, true, null);
    }
    this.#connection.send(this.#idOf.get('error') ?? 0, statusBytes(end, this.#version), true, null);
  }

  taken(_session: number, bytes: number): void {
    this.#connection.taken(this.#idOf.get('stdin') ?? 0, bytes);
  }

  takeWrites(): readonly WireWrite[] {
    return this.#connection.takeWrites();
  }

  #take(event: SpdyEvent): readonly WireEvent[] {
    switch (event.type) {
      case 'broken':
        return [event];
      case 'stream':
        return this.#opened(event.id, event.headers.get('streamtype') as StreamName);
      case 'data':
        return this.#data(event);
      case 'reset':
        return this.#nameOf.get(event.id) === 'error' ? [{ type: 'closed', session: 0 }] : [];
    }
  }

  #opened(id: number, name: StreamName): readonly WireEvent[] {
    if (!this.#missing.delete(name)) {
      this.#connection.reset(id, resetStatus.refusedStream);
      return [];
    }
    this.#idOf.set(name, id);
    this.#nameOf.set(id, name);
    this.#connection.reply(id);
    return this.#missing.size === 0 ? [{ type: 'ready' }] : [];
  }

  #data({ id, bytes, isEnd }: SpdyEvent & { readonly type: 'data' }): readonly WireEvent[] {
    const name = this.#nameOf.get(id);
    if (name === 'stdin') return [{ type: 'input', session: 0, bytes, isEnd }];
    this.#connection.taken(id, bytes.length);
    if (name !== 'resize') return [];
    const all = concatBytes([this.#size, bytes]);
    const end = all.lastIndexOf(0x7d) + 1;
    this.#size = all.length - end > sizeBytesMax ? emptyBytes : ownBytes(all.subarray(end));
    const texts = utf8Text(all.subarray(0, end)).match(/\{[^{}]*\}/g) ?? [];
    return texts.flatMap((text): readonly WireEvent[] => {
      const size = terminalSize(text);
      return size === null ? [] : [{ type: 'resize', ...size }];
    });
  }
}

interface Forwarding {
  readonly port: number;
  error: number;
  data: number;
}

/** portforward: a pair of streams for each connection, which `requestid` holds together. The session is the number of its data stream. */
export class SpdyForwardWire implements Wire {
  readonly #connection = new SpdyConnection();
  readonly #pairs = new Map<string, Forwarding>();
  readonly #byData = new Map<number, Forwarding>();
  readonly isOver = false;

  start(): readonly WireEvent[] {
    return [];
  }

  receive(bytes: Uint8Array): readonly WireEvent[] {
    return this.#connection.receive(bytes).flatMap((event) => this.#take(event));
  }

  output(session: number, _stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#connection.send(session, bytes, false, session);
  }

  finish(session: number, end: SessionEnd): void {
    const pair = this.#byData.get(session);
    if (pair === undefined) return;
    this.#byData.delete(session);
    this.#connection.send(session, emptyBytes, true, null);
    const message = end.type === 'failed' ? utf8(end.message) : emptyBytes;
    this.#connection.send(pair.error, message, true, null);
  }

  taken(session: number, bytes: number): void {
    this.#connection.taken(session, bytes);
  }

  takeWrites(): readonly WireWrite[] {
    return this.#connection.takeWrites();
  }

  #take(event: SpdyEvent): readonly WireEvent[] {
    switch (event.type) {
      case 'broken':
        return [event];
      case 'stream':
        return this.#opened(event);
      case 'data':
        if (this.#byData.has(event.id)) {
          return [{ type: 'input', session: event.id, bytes: event.bytes, isEnd: event.isEnd }];
        }
        this.#connection.taken(event.id, event.bytes.length);
        return [];
      case 'reset':
        return this.#byData.delete(event.id) ? [{ type: 'closed', session: event.id }] : [];
    }
  }

  #opened({ id, headers }: SpdyEvent & { readonly type: 'stream' }): readonly WireEvent[] {
    const type = headers.get('streamtype');
    const request = headers.get('requestid') ?? '';
    const port = Number(headers.get('port'));
    const isValid = (type === 'error' || type === 'data') && Number.isInteger(port) && port > 0 && port < 65_536;
    const known = this.#pairs.get(request);
    const isFull = known === undefined && this.#pairs.size + this.#byData.size >= connectionsMax;
    if (!isValid || isFull || (known !== undefined && (known.port !== port || known[type] !== 0))) {
      this.#connection.reset(id, isValid ? resetStatus.refusedStream : resetStatus.protocolError);
      return [];
    }
    const pair = known ?? { port, error: 0, data: 0 };
    pair[type] = id;
    this.#connection.reply(id);
    if (pair.error === 0 || pair.data === 0) {
      this.#pairs.set(request, pair);
      return [];
    }
    this.#pairs.delete(request);
    this.#byData.set(pair.data, pair);
    return [{ type: 'connect', session: pair.data, port }];
  }
}
