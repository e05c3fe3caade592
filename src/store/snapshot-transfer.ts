/**
 * Ships a state to a follower that the log can't bring up to date any more, in chunks with a window, and puts it together there.
 * Lost chunks are not sent again: the transfer stalls, is given up, and Raft asks for a new one.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Message, ReplicaId } from '../raft/message.ts';
import { snapshotStallMs, snapshotWindowChunks } from './limits.ts';
import type { PeerMessage } from './peer-message.ts';
import { type StateExport, StateImport } from './state-snapshot.ts';

export type SnapshotMessage = Message & { readonly type: 'snapshot' };
type Chunk = PeerMessage & { readonly type: 'snapshotChunk' };

/** The sending side of one transfer. Its Raft message is rewritten to name the state that is really sent. */
export class OutgoingSnapshot {
  readonly to: ReplicaId;
  readonly transfer: number;
  readonly #source: StateExport;
  readonly #message: SnapshotMessage;
  #next: Uint8Array | null;
  #sent = 0;
  #received = 0;
  /** Null until the clock was first looked at. */
  #progressAtMs: MonotonicMs | null = null;

  constructor(message: SnapshotMessage, transfer: number, source: StateExport) {
    this.to = message.to;
    this.transfer = transfer;
    this.#source = source;
    this.#message = { ...message, snapshot: source.metadata };
    this.#next = source.next();
    assert(this.#next !== null, 'a state has a head');
  }

  /** Returns the chunks that the window has room for. */
  takeChunks(): Chunk[] {
    const chunks: Chunk[] = [];
    while (this.#next !== null && this.#sent - this.#received < snapshotWindowChunks) {
      const bytes = this.#next;
      this.#next = this.#source.next();
      const last = this.#next === null ? this.#message : null;
      const { from, to } = this.#message;
      chunks.push({ type: 'snapshotChunk', from, to, transfer: this.transfer, sequence: this.#sent, bytes, last });
      this.#sent += 1;
    }
    return chunks;
  }

  /** Takes note that everything below `received` arrived; returns true when that is all. */
  progress(received: number, nowMs: MonotonicMs): boolean {
    if (received > this.#received && received <= this.#sent) {
      this.#received = received;
      this.#progressAtMs = nowMs;
    }
    return this.#next === null && this.#received === this.#sent;
  }

  /** Tells whether nothing was acknowledged for too long, counted from when this was first asked. */
  isStalled(nowMs: MonotonicMs): boolean {
    this.#progressAtMs ??= nowMs;
    return nowMs - this.#progressAtMs >= snapshotStallMs;
  }

  /** Lets go of the state. */
  close(): void {
    this.#source.close();
  }
}

/** A state that arrived whole. `chunks` are its bytes, for the disk. */
export interface ReceivedSnapshot {
  readonly message: SnapshotMessage;
  readonly state: StateImport;
  readonly chunks: readonly Uint8Array[];
}

/** The receiving side: the newest transfer of one sender. */
export class IncomingSnapshot {
  readonly transfer: number;
  #state = new StateImport();
  #chunks: Uint8Array[] = [];
  #received = 0;
  /** Chunks that came before their turn. */
  readonly #early = new Map<number, Chunk>();
  #isDone = false;

  constructor(transfer: number) {
    this.transfer = transfer;
  }

  /** How many chunks arrived without a gap. */
  get received(): number {
    return this.#received;
  }

  /** Takes a chunk; returns the state once it is complete and whole, and null before and afterwards. */
  take(chunk: Chunk): ReceivedSnapshot | null {
    assert(chunk.transfer === this.transfer, 'a chunk of this transfer', { transfer: this.transfer });
    if (this.#isDone || chunk.sequence < this.received) return null;
    this.#early.set(chunk.sequence, chunk);
    for (let next = this.#early.get(this.received); next !== undefined; next = this.#early.get(this.received)) {
      this.#early.delete(next.sequence);
      this.#state.push(next.bytes);
      this.#chunks.push(next.bytes);
      this.#received += 1;
      if (next.last !== null) return this.#finish(next.last);
    }
    return null;
  }

  #finish(message: SnapshotMessage): ReceivedSnapshot | null {
    const state = this.#state;
    const chunks = this.#chunks;
    this.#isDone = true;
    this.#state = new StateImport();
    this.#chunks = [];
    const metadata = state.verify();
    return metadata?.index === message.snapshot.index ? { message, state, chunks } : null;
  }
}

/** All transfers of one replica, in both directions; at most one per peer and direction, the newest. */
export class SnapshotTransfers {
  readonly #outgoing = new Map<ReplicaId, OutgoingSnapshot>();
  readonly #incoming = new Map<ReplicaId, IncomingSnapshot>();
  #nextTransfer: number;

  /** `session` makes transfer numbers rise over restarts. */
  constructor(session: number) {
    this.#nextTransfer = session * 1_000_000 + 1;
  }

  /** Starts a transfer, in place of an older one to the same peer, and returns its first chunks. */
  start(message: SnapshotMessage, source: StateExport): Chunk[] {
    this.#outgoing.get(message.to)?.close();
    const outgoing = new OutgoingSnapshot(message, this.#nextTransfer, source);
    this.#nextTransfer += 1;
    this.#outgoing.set(message.to, outgoing);
    return outgoing.takeChunks();
  }

  /** Takes an acknowledgement; returns what to send next, and whether the transfer is complete. */
  onProgress(
    message: PeerMessage & { readonly type: 'snapshotProgress' },
    nowMs: MonotonicMs,
  ): { readonly isDone: boolean; readonly chunks: Chunk[] } {
    const outgoing = this.#outgoing.get(message.from);
    if (outgoing?.transfer !== message.transfer) return { isDone: false, chunks: [] };
    const isDone = outgoing.progress(message.received, nowMs);
    if (isDone) this.#outgoing.delete(message.from);
    return { isDone, chunks: outgoing.takeChunks() };
  }

  /** Takes a chunk; returns the acknowledgement, and the state if this was its last piece. Chunks of old transfers say nothing. */
  onChunk(chunk: Chunk): { readonly reply: PeerMessage; readonly received: ReceivedSnapshot | null } | null {
    let incoming = this.#incoming.get(chunk.from);
    if (incoming === undefined || incoming.transfer < chunk.transfer) {
      incoming = new IncomingSnapshot(chunk.transfer);
      this.#incoming.set(chunk.from, incoming);
    }
    if (incoming.transfer !== chunk.transfer) return null;
    const received = incoming.take(chunk);
    const reply: PeerMessage = {
      type: 'snapshotProgress',
      from: chunk.to,
      to: chunk.from,
      transfer: chunk.transfer,
      received: incoming.received,
    };
    return { reply, received };
  }

  /** Gives up the transfers that made no progress, and returns their peers. */
  takeStalled(nowMs: MonotonicMs): ReplicaId[] {
    const stalled = [...this.#outgoing.values()].filter((outgoing) => outgoing.isStalled(nowMs)).map(({ to }) => to);
    for (const peer of stalled) this.giveUp(peer);
    return stalled;
  }

  /** Gives up the transfer to one peer; true when there was one. */
  giveUp(peer: ReplicaId): boolean {
    this.#outgoing.get(peer)?.close();
    return this.#outgoing.delete(peer);
  }

  /** Gives up everything outgoing, when this replica leads no more. */
  stopSending(): void {
    for (const peer of this.#outgoing.keys()) this.giveUp(peer);
  }
}
