/**
 * What the actors of one thread have read alike: the results of pure functions of texts, remembered for a while. Many controllers watch the same
 * pods, and each event would be parsed by every one of them.
 *
 * A result is deeply frozen and depends on its text alone, so nobody can tell whether it was made for him or for another: actors still share
 * nothing that could change. See docs/adr/0014-one-parse-per-thread.md.
 *
 * Two generations make it forget: what is used moves to the young one, and when that is full it becomes the old one, whose texts go.
 */
import { assert } from '../base/assert.ts';
import { memoCharactersMax } from './limits.ts';

export class Memo {
  readonly #charactersMax: number;
  #young = new Map<string, unknown>();
  #old: ReadonlyMap<string, unknown> = new Map();
  #characters = 0;

  /** `charactersMax`: of the texts of one generation. */
  constructor(charactersMax = memoCharactersMax) {
    this.#charactersMax = charactersMax;
  }

  /** Returns what `make` gives for `text`. All users of a memo hand in the same function, whose results are frozen. */
  get<T extends object>(text: string, make: (text: string) => T): T {
    const young = this.#young.get(text);
    if (young !== undefined) return young as T;
    const value = (this.#old.get(text) as T | undefined) ?? make(text);
    assert(Object.isFrozen(value), 'what actors share is frozen');
    this.#remember(text, value);
    return value;
  }

  #remember(text: string, value: object): void {
    if (this.#characters + text.length > this.#charactersMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    this.#young.set(text, value);
    this.#characters += text.length;
  }
}
