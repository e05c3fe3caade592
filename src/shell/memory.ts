/**
 * What all commands of one shell hold at once. Each of them has bounds of its own; together, in the background and in pipes, they have these.
 * Counted is what grows with what they read: input that is kept, lines, words of a command. Variables have a bound of their own.
 */
import { assert } from '../base/assert.ts';
import { shellBytesMax, shellPipesMax } from './limits.ts';

/** As shells tell that the system lets them have no more processes or pipes. */
export const cannotFork = "can't fork: Resource temporarily unavailable";

export class ShellMemory {
  #bytes = 0;
  #pipes = 0;

  /** Bytes that all commands hold now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Pipes that are open now. */
  get pipes(): number {
    return this.#pipes;
  }

  /** Begins the account of a command; whoever opens one closes it. */
  open(): CommandMemory {
    return new CommandMemory((bytes) => this.#change(bytes));
  }

  /** Throws when there would be too many. */
  openPipes(count: number): void {
    if (this.#pipes + count > shellPipesMax) throw new Error(cannotFork);
    this.#pipes += count;
  }

  closePipes(count: number): void {
    this.#pipes -= count;
    assert(this.#pipes >= 0, 'a pipe is closed once', { pipes: this.#pipes });
  }

  #change(bytes: number): void {
    if (this.#bytes + bytes > shellBytesMax) throw new Error('out of memory');
    this.#bytes += bytes;
  }
}

/** What one command holds. */
export class CommandMemory {
  readonly #change: (bytes: number) => void;
  #bytes = 0;
  #isOpen = true;

  /** `change` hears of what is taken and, negative, given back; it throws when that is too much. */
  constructor(change: (bytes: number) => void) {
    this.#change = change;
  }

  /** Throws when all commands together would hold too much. What a command does after its end is on nobody's account. */
  take(bytes: number): void {
    if (!this.#isOpen) return;
    this.#change(bytes);
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    if (!this.#isOpen) return;
    assert(bytes <= this.#bytes, 'no more is given back than was taken', { bytes, held: this.#bytes });
    this.take(-bytes);
  }

  /** The command has ended: it holds nothing any more. */
  close(): void {
    this.give(this.#bytes);
    this.#isOpen = false;
  }
}
