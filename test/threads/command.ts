/** Runs the command `threemaster` in processes of its own, with a home folder for the test alone. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `start --output json` prints. */
export interface Started {
  readonly pid: number;
  readonly url: string;
  readonly kubeconfig: string;
  readonly masters: number;
}

const timeoutMs = 60_000;

export class CommandLine implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'threemaster-command-'));
  readonly #environment = { ...process.env, THREEMASTER_HOME: join(this.folder, 'home') };
  readonly #children: ChildProcess[] = [];

  /** Runs a command to its end. Never rejects for an exit code. */
  run(line: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const options = { timeout: timeoutMs, env: this.#environment };
      execFile(process.execPath, ['dist/command.js', ...line.split(' ')], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Runs a command that ends well and prints JSON. */
  async json<T>(line: string): Promise<T> {
    const { code, stdout, stderr } = await this.run(`${line} --output json`);
    if (code !== 0) throw new Error(`${line}: exit code ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Starts a cluster in a process that stays, and resolves when it is ready. */
  async start(line: string): Promise<Started> {
    const child = spawn(process.execPath, ['dist/command.js', 'start', ...line.split(' '), '-o', 'json'], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    const [text] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return JSON.parse(text) as Started;
  }

  /** Kills the process of the last `start`, as kill -9 does, and resolves when it is gone. */
  async killProcess(): Promise<void> {
    const child = this.#children.pop();
    if (child === undefined) throw new Error('nothing was started');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#children.length > 0) await this.killProcess();
    const { clusters } = await this.json<{ clusters: readonly { name: string }[] }>('list');
    for (const { name } of clusters) await this.run(`delete --name ${name}`);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
