/**
 * Which backend the next connection goes to: the one at the store's leader, from where a write takes the fewest messages, or round robin over
 * those that are ready while it is not known.
 */

export interface Backend {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export class Backends {
  readonly #ready = new Map<string, Backend>();
  #turn = 0;
  #atLeader: string | null = null;

  /** The backends that get connections now, in the order in which they became ready. */
  ready(): readonly Backend[] {
    return [...this.#ready.values()];
  }

  setReady(backend: Backend, isAtLeader: boolean): void {
    this.#ready.set(backend.name, backend);
    if (isAtLeader) this.#atLeader = backend.name;
    else if (this.#atLeader === backend.name) this.#atLeader = null;
  }

  /** Returns whether the backend was ready until now. */
  setNotReady(name: string): boolean {
    return this.#ready.delete(name);
  }

  /** Chooses the backend of the next connection, or null when none is ready. */
  next(): Backend | null {
    const nearest = this.#ready.get(this.#atLeader ?? '');
    if (nearest !== undefined) return nearest;
    const ready = this.ready();
    const chosen = ready[this.#turn % Math.max(1, ready.length)] ?? null;
    this.#turn += 1;
    return chosen;
  }
}
