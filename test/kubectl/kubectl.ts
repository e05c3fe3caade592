/** Runs kubectl against a cluster, with a cache of its own so that no earlier discovery helps it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Binary } from './binaries.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const commandTimeoutMs = 60_000;

export class Kubectl implements Disposable {
  readonly #binary: Binary;
  readonly #common: readonly string[];
  readonly #cache = mkdtempSync(join(tmpdir(), 'threemaster-kubectl-'));

  constructor(binary: Binary, kubeconfig: string) {
    this.#binary = binary;
    this.#common = ['--kubeconfig', kubeconfig, '--cache-dir', this.#cache];
  }

  /** Runs a command to its end; `input` is its standard input. Never rejects for an exit code. */
  run(command: string, input?: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const child = execFile(
        this.#binary.path,
        this.#arguments(command),
        { timeout: commandTimeoutMs },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ code, stdout, stderr });
        },
      );
      child.stdin?.end(input ?? '');
    });
  }

  /** Runs a command that must succeed; returns what it printed. */
  async ok(command: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, input);
    if (code !== 0) throw new Error(`kubectl ${command} exited with ${code}: ${stderr}`);
    return stdout;
  }

  /** Starts a command that goes on by itself, such as a watch. */
  start(command: string): ChildProcess {
    return spawn(this.#binary.path, this.#arguments(command), { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  [Symbol.dispose](): void {
    rmSync(this.#cache, { recursive: true, force: true });
  }

  #arguments(command: string): string[] {
    return [...this.#common, ...command.split(' ')];
  }
}

/** Resolves once the output of a process holds `text`; rejects when it ends before. */
export function printed(child: ChildProcess, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      output += part;
      if (output.includes(text)) resolve(output);
    });
    child.on('exit', () => reject(new Error(`ended without printing ${JSON.stringify(text)}: ${output}`)));
  });
}
