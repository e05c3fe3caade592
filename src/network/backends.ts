/** Which backend the next connection goes to: round robin over those that are ready. */

export interface Backend {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export class Backends {
  readonly #ready = new Map<string, Backend>();
  #turn = 0;

  /** The backends that get connections now, in the order in which they became ready. */
  ready(): readonly Backend[] {
    return [...this.#ready.values()];
  }

  setReady(backend: Backend): void {
    this.#ready.set(backend.name, backend);
  }

  /** Returns whether the backend was ready until now. */
  setNotReady(name: string): boolean {
    return this.#ready.delete(name);
  }

  /** Chooses the backend of the next connection, or null when none is ready. */
  next(): Backend | null {
    const ready = this.ready();
    const chosen = ready[this.#turn % Math.max(1, ready.length)] ?? null;
    this.#turn += 1;
    return chosen;
  }
}
