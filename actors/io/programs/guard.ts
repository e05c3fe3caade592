/**
 * Ends what a node's programs leave behind when nobody else can: a shell that waits for the end of its input, which comes when the port
 * closes, its thread is terminated or the process is killed. It then kills the process groups that it was told of and the processes that bear
 * the node's mark, and removes the node's folder. There is none where there is no POSIX shell.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** The environment variable by which a process is known as one of ours, whatever group it moved to: the node's folder and a number. */
export const markVariable = 'THREEMASTER_PROGRAM';

const script = `
groups=" "
while read -r sign group; do
  case "$sign" in
    +) groups="$groups$group " ;;
    -) groups=$(printf %s "$groups" | sed "s/ $group / /") ;;
  esac
done
for group in $groups; do kill -9 -- "-$group" 2>/dev/null; done
for file in /proc/[0-9]*/environ; do
  if grep -qsF "$MARK" "$file" 2>/dev/null; then
    pid=\${file#/proc/}; pid=\${pid%/environ}
    if [ "$pid" != "$$" ]; then kill -9 "$pid" 2>/dev/null; fi
  fi
done
rm -rf -- "$FOLDER"
rmdir -- "$(dirname -- "$FOLDER")" 2>/dev/null
`;

export class Guard {
  readonly #shell: ChildProcess | null;

  /** Guards `folder`, and the processes whose mark it is. */
  constructor(folder: string) {
    if (process.platform === 'win32') {
      this.#shell = null;
      return;
    }
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', FOLDER: folder, MARK: `${markVariable}=${folder}/` };
    this.#shell = spawn('/bin/sh', ['-c', script], { env, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#shell.on('error', () => {});
    this.#shell.stdin?.on('error', () => {});
    this.#shell.unref();
    (this.#shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  }

  add(group: number): void {
    this.#shell?.stdin?.write(`+ ${group}\n`);
  }

  remove(group: number): void {
    this.#shell?.stdin?.write(`- ${group}\n`);
  }

  /** Lets it do its work. */
  close(): void {
    this.#shell?.stdin?.end();
  }
}
