/**
 * Sessions with programs: exec, attach, connections to ports. Each is a stream whose reader gives credit; what it has not taken yet waits
 * here, and a program whose output waits is not told that it may go on, so a slow reader slows the program down.
 */
import type { Effect } from '../../actor/effect.ts';
import type { StreamId } from '../../actor/input.ts';
import { ownBytes } from '../../base/bytes.ts';
import type { SessionItem } from '../../protocol/runtime.ts';

export interface Session {
  readonly id: string;
  readonly stream: StreamId;
  readonly program: number;
  /** An attached one ends without its program. */
  readonly type: 'program' | 'attached';
  readonly wantsStdout: boolean;
  readonly wantsStderr: boolean;
  /** Its end closes the program's standard input. */
  readonly closesInput: boolean;
}

interface OpenSession extends Session {
  credit: number;
  readonly waiting: SessionItem[];
  waitingBytes: number;
  hasEnded: boolean;
}

/** Told when output of a program has left for all who read it. */
type Taken = (program: number, bytes: number) => Effect;

export class ProgramSessions {
  readonly #sessions = new Map<StreamId, OpenSession>();
  /** Bytes of each program's output that are held back until its readers have taken all. */
  readonly #held = new Map<number, number>();
  readonly #taken: Taken;

  constructor(taken: Taken) {
    this.#taken = taken;
  }

  open(session: Session, credit: number): void {
    this.#sessions.set(session.stream, { ...session, credit, waiting: [], waitingBytes: 0, hasEnded: false });
  }

  /** Returns an open session by the id that its user chose. */
  find(id: string): Session | undefined {
    return [...this.#sessions.values()].find((session) => session.id === id && !session.hasEnded);
  }

  /** Passes output on to whoever reads it, and lets the program go on once nobody has to wait for it. */
  output(program: number, stream: 'stdout' | 'stderr', bytes: Uint8Array): readonly Effect[] {
    const effects: Effect[] = [];
    const item: SessionItem = { type: stream, bytes: ownBytes(bytes) };
    for (const session of this.#of(program)) {
      if (stream === 'stdout' ? !session.wantsStdout : !session.wantsStderr) continue;
      session.waiting.push(item);
      session.waitingBytes += bytes.length;
      effects.push(...this.#drain(session));
    }
    this.#held.set(program, (this.#held.get(program) ?? 0) + bytes.length);
    return [...effects, ...this.#release(program)];
  }

  /** The program is over, or never began: its sessions yield this last. */
  ended(program: number, last: SessionItem): readonly Effect[] {
    const effects: Effect[] = [];
    for (const session of this.#of(program)) {
      session.waiting.push(last);
      session.hasEnded = true;
      effects.push(...this.#drain(session));
    }
    this.#held.delete(program);
    return effects;
  }

  /** Returns null when the stream is no session. */
  grant(stream: StreamId, messages: number): readonly Effect[] | null {
    const session = this.#sessions.get(stream);
    if (session === undefined) return null;
    session.credit += messages;
    return [...this.#drain(session), ...this.#release(session.program)];
  }

  /** Its reader is gone. Returns what it was and what follows; null when the stream is no session that is still open. */
  close(stream: StreamId): { readonly session: Session; readonly effects: readonly Effect[] } | null {
    const session = this.#sessions.get(stream);
    this.#sessions.delete(stream);
    if (session === undefined || session.hasEnded) return null;
    return { session, effects: this.#release(session.program) };
  }

  #of(program: number): readonly OpenSession[] {
    return [...this.#sessions.values()].filter((session) => session.program === program && !session.hasEnded);
  }

  #drain(session: OpenSession): readonly Effect[] {
    const effects: Effect[] = [];
    const { stream } = session;
    while (session.credit > 0) {
      const body = session.waiting.shift();
      if (body === undefined) break;
      session.credit -= 1;
      if (body.type === 'stdout' || body.type === 'stderr') session.waitingBytes -= body.bytes.length;
      effects.push({ type: 'emit', stream, body });
    }
    if (!session.hasEnded || session.waiting.length > 0) return effects;
    this.#sessions.delete(stream);
    return [...effects, { type: 'end', stream, reason: 'completed' }];
  }

  #release(program: number): readonly Effect[] {
    const bytes = this.#held.get(program) ?? 0;
    if (bytes === 0 || this.#of(program).some(({ waitingBytes }) => waitingBytes > 0)) return [];
    this.#held.delete(program);
    return [this.#taken(program, bytes)];
  }
}
