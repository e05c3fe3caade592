/** What a shell remembers. A subshell gets a copy. */
import type { Files } from './files.ts';
import type { Command } from './syntax.ts';
import type { Job } from './tasks.ts';

export class ShellState {
  variables: Map<string, string>;
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
    this.variables = new Map(Object.entries(env));
    this.exported = new Set(Object.keys(env));
    this.functions = new Map();
    this.options = new Set();
    this.files = files;
    this.name = name;
    this.args = args;
  }

  copy(): ShellState {
    const copy = new ShellState({}, this.files, this.name, this.args);
    copy.variables = new Map(this.variables);
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
