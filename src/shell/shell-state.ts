/** What a shell remembers. A subshell gets a copy. */
import type { Files } from './files.ts';
import { variableCharactersMax } from './limits.ts';
import type { Command } from './syntax.ts';
import type { Job } from './tasks.ts';

/** Variables by name; there is no room for more than a bound. */
class Variables extends Map<string, string> {
  #characters = 0;

  /** Throws when there is no room. */
  override set(name: string, value: string): this {
    const characters = this.#characters - this.#sizeOf(name) + name.length + value.length;
    if (characters > variableCharactersMax) throw new Error('out of memory');
    this.#characters = characters;
    return super.set(name, value);
  }

  override delete(name: string): boolean {
    this.#characters -= this.#sizeOf(name);
    return super.delete(name);
  }

  #sizeOf(name: string): number {
    const value = this.get(name);
    return value === undefined ? 0 : name.length + value.length;
  }
}

export class ShellState {
  readonly variables = new Variables();
  exported: Set<string>;
  functions: Map<string, Command>;
  /** `$1` and on. */
  args: readonly string[];
  name: string;
  files: Files;
  lastStatus = 0;
  /** `set -e`, `set -u`, `set -x`. */
  options: Set<string>;
  trapped: string | null = null;
  atExit: string | null = null;
  backgrounds: Job<number>[] = [];

  constructor(env: Readonly<Record<string, string>>, files: Files, name: string, args: readonly string[]) {
    for (const [key, value] of Object.entries(env)) this.variables.set(key, value);
    this.exported = new Set(Object.keys(env));
    this.functions = new Map();
    this.options = new Set();
    this.files = files;
    this.name = name;
    this.args = args;
  }

  copy(): ShellState {
    const copy = new ShellState({}, this.files, this.name, this.args);
    for (const [key, value] of this.variables) copy.variables.set(key, value);
    copy.exported = new Set(this.exported);
    copy.functions = new Map(this.functions);
    copy.options = new Set(this.options);
    copy.lastStatus = this.lastStatus;
    return copy;
  }

  environment(): Record<string, string> {
    return Object.fromEntries([...this.variables].filter(([name]) => this.exported.has(name)));
  }
}
