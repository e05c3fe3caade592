/**
 * Sessions over the channels of a WebSocket: the first byte of each message says which channel it belongs to.
 * Models apimachinery pkg/util/remotecommand constants, kubelet's cri/streaming/remotecommand/websocket.go and portforward/websocket.go.
 */
import { concatBytes, emptyBytes, utf8, utf8Text } from '../base/bytes.ts';
import { statusBytes, terminalSize } from './remote-status.ts';
import type { CommandStreams, SessionEnd, Wire, WireEvent, WireWrite } from './wire.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** exec and attach: `channel.k8s.io` (1), `v2.channel.k8s.io` to `v5.channel.k8s.io`. */
export class ChannelCommandWire implements Wire {
  readonly #version: number;
  readonly #streams: CommandStreams;
  readonly #writes: WireWrite[] = [];
  isOver = false;

  constructor(version: number, streams: CommandStreams) {
    this.#version = version;
    this.#streams = streams;
  }

  start(): readonly WireEvent[] {
    const { stdout, stderr } = this.#streams;
    // An empty message tells the client that the program is there before it says anything.
    this.#write(stdout ? channels.stdout : stderr ? channels.stderr : channels.error, emptyBytes, null);
    return [{ type: 'ready' }];
  }

  receive(message: Uint8Array): readonly WireEvent[] {
    const payload = message.subarray(1);
    switch (message[0]) {
      case undefined:
        return [];
      case channels.stdin:
        return payload.length === 0 ? [] : [{ type: 'input', session: 0, bytes: payload, isEnd: false }];
      case channels.resize: {
        const size = terminalSize(utf8Text(payload));
        return size === null ? [] : [{ type: 'resize', ...size }];
      }
      case channels.close:
        if (this.#version < 5 || payload[0] !== channels.stdin) return [];
        return [{ type: 'input', session: 0, bytes: emptyBytes, isEnd: true }];
      default:
        return [];
    }
  }

  output(session: number, stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (this.#streams[stream]) this.#write(channels[stream], bytes, session);
    else this.#writes.push({ bytes: emptyBytes, session });
  }

  finish(_session: number, end: SessionEnd): void {
    const status = statusBytes(end, this.#version);
    if (status.length > 0) this.#write(channels.error, status, null);
    this.isOver = true;
  }

  taken(): void {}

  takeWrites(): readonly WireWrite[] {
    return this.#writes.splice(0);
  }

  #write(channel: number, bytes: Uint8Array, session: number | null): void {
    this.#writes.push({ bytes: concatBytes([Uint8Array.of(channel), bytes]), session });
  }
}

/** portforward: channel 2i carries the i-th port's bytes, 2i+1 its error; the first message on each is the port, little-endian. */
export class ChannelForwardWire implements Wire {
  readonly #ports: readonly number[];
  readonly #open = new Set<number>();
  readonly #writes: WireWrite[] = [];

  constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  get isOver(): boolean {
    return this.#open.size === 0;
  }

  start(): readonly WireEvent[] {
    for (const [session, port] of this.#ports.entries()) {
      const bytes = Uint8Array.of(port & 0xff, port >> 8);
      this.#write(2 * session, bytes, null);
      this.#write(2 * session + 1, bytes, null);
      this.#open.add(session);
    }
    const connects = this.#ports.map((port, session): WireEvent => ({ type: 'connect', session, port }));
    return [{ type: 'ready' }, ...connects];
  }

  receive(message: Uint8Array): readonly WireEvent[] {
    const channel = message[0] ?? 1;
    const session = channel / 2;
    if (!this.#open.has(session) || message.length === 1) return [];
    return [{ type: 'input', session, bytes: message.subarray(1), isEnd: false }];
  }

  output(session: number, _stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#write(2 * session, bytes, session);
  }

  finish(session: number, end: SessionEnd): void {
    if (!this.#open.delete(session)) return;
    if (end.type === 'failed') this.#write(2 * session + 1, utf8(end.message), null);
  }

  taken(): void {}

  takeWrites(): readonly WireWrite[] {
    return this.#writes.splice(0);
  }

  #write(channel: number, bytes: Uint8Array, session: number | null): void {
    this.#writes.push({ bytes: concatBytes([Uint8Array.of(channel), bytes]), session });
  }
}
