/** The world of a host on a real thread: clocks, the event loop's turns and timers, ports to peers. */
import { performance } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { Envelope } from '../../src/actor/envelope.ts';
import { Host, type HostOptions } from '../../src/actor/host.ts';
import type { HostEvent, HostWorld } from '../../src/actor/host-world.ts';
import type { Stamp } from '../../src/actor/input.ts';
import type { Body } from '../../src/actor/protocol.ts';
import type { MonotonicMs, WallMs } from '../../src/base/brand.ts';
import type { ThreadControl, ThreadEvent } from './thread-control.ts';

export interface ThreadWorldOptions extends Omit<HostOptions, 'world'> {
  readonly report: (event: ThreadEvent) => void;
  /** Shared cell that is 1 while the thread is to stand still; absent on the main thread, which is never paused. */
  readonly pauseFlag?: Int32Array;
}

/** Node timers take at most this long; a later deadline is looked at again then. */
const timerMaxMs = 0x7fff_ffff;

export class ThreadWorld implements HostWorld {
  readonly host: Host;
  readonly #report: (event: ThreadEvent) => void;
  readonly #pauseFlag: Int32Array | undefined;
  readonly #ports = new Map<string, MessagePort>();
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(options: ThreadWorldOptions) {
    this.#report = options.report;
    this.#pauseFlag = options.pauseFlag;
    this.host = new Host({ ...options, world: this });
  }

  now(): Stamp {
    return { monotonicMs: performance.now() as MonotonicMs, wallMs: Date.now() as WallMs };
  }

  wake(): void {
    if (this.#isClosed) return;
    // An immediate runs after the loop has polled for I/O, so that all messages that wait are in the same turn.
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#turn();
    });
  }

  wakeAt(atMs: MonotonicMs): void {
    if (this.#isClosed || (this.#timer !== undefined && this.#timerAtMs <= atMs)) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    const delayMs = Math.min(timerMaxMs, Math.max(0, Math.ceil(atMs - performance.now())));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.wake();
    }, delayMs);
  }

  post(peer: string, batch: Uint8Array): void {
    this.#ports.get(peer)?.postMessage(batch, [batch.buffer as ArrayBuffer]);
  }

  report(event: HostEvent): void {
    this.#report(event);
  }

  connect(peer: string, paths: readonly string[], port: MessagePort): void {
    this.#ports.get(peer)?.close();
    this.#ports.set(peer, port);
    this.host.connect(peer, paths);
    port.on('message', (batch: Uint8Array) => {
      if (this.#ports.get(peer) === port) this.host.receive(peer, batch);
    });
    port.on('close', () => {
      if (this.#ports.get(peer) !== port) return;
      this.#ports.delete(peer);
      this.host.disconnected(peer);
    });
  }

  /** What Comlink offers to the thread's creator; on the main thread it is called directly. */
  control(): ThreadControl {
    const { host } = this;
    return {
      start: (specs) => {
        for (const spec of specs) host.start(spec);
      },
      stop: (path) => host.stop(path),
      kill: (path) => host.kill(path),
      reconfigure: (path, args) => host.reconfigure(path, args),
      suspend: (path) => host.suspend(path),
      resume: (path) => host.resume(path),
      connect: (peer, paths, port) => this.connect(peer, paths, port),
      setFaults: (rules) => host.setFaults(rules),
      inspect: () => host.inspect(),
      deadLetters: () => host.deadLetters.newest(),
      observe: (enabled) => {
        host.post.observe = enabled ? (...seen) => this.#observed(...seen) : null;
      },
    };
  }

  /** Closes all ports and runs no further turn. For hosts that do not own their thread. */
  close(): void {
    this.#isClosed = true;
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
  }

  #turn(): void {
    if (this.#pauseFlag !== undefined) {
      while (Atomics.load(this.#pauseFlag, 0) === 1) Atomics.wait(this.#pauseFlag, 0, 1);
    }
    this.host.turn();
  }

  #observed(from: string, to: string, envelope: Envelope, bytes: number): void {
    const body = envelope.find((part) => typeof part === 'object' && part !== null && 'type' in part) as
      | Body
      | undefined;
    this.#report({ type: 'messageSent', from, to, operation: envelope[0], body: body?.type ?? '', bytes });
  }
}
