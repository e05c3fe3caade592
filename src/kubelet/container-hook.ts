/** Runs a lifecycle hook of a container. Models kubernetes pkg/kubelet/lifecycle/handlers.go. */
import { utf8Text } from '../base/bytes.ts';
import type { Container, Handler } from '../kinds/pod/types.ts';
import type { PodScope } from './pod-surroundings.ts';
import { probeActionOf } from './probe-action.ts';
import type { Turn } from './turn.ts';

/** Calls `done` with null, or with what went wrong, when the hook has run. A hook that only sleeps is a wait. */
export function runHook(
  hook: Handler,
  container: Container,
  containerId: string,
  scope: PodScope,
  turn: Turn,
  timeoutMs: number,
  done: (error: string | null, turn: Turn) => void,
): void {
  if (hook.exec !== undefined || hook.sleep !== undefined) {
    const command = hook.exec?.command ?? ['sleep', String(hook.sleep?.seconds ?? 0)];
    const request = { containerId, command, timeoutMs };
    turn.call(
      'execSync',
      request,
      (answer, later) => {
        if (answer.type === 'done' && answer.exitCode === 0) done(null, later);
        else if (answer.type === 'done') {
          const output = utf8Text(answer.stderr);
          done(`Exec lifecycle hook (${command.join(' ')}) failed: exit code ${answer.exitCode}: ${output}`, later);
        } else done(answer.type === 'failed' ? answer.message : 'the runtime did not answer', later);
      },
      timeoutMs + 1_000,
    );
    return;
  }
  const action = probeActionOf(hook, container, scope);
  if (action === null) {
    done(null, turn);
    return;
  }
  turn.call(
    'probe',
    { containerId, action, timeoutMs },
    (answer, later) => {
      if (answer.type === 'done') done(answer.isSuccessful ? null : answer.message, later);
      else done(answer.type === 'failed' ? answer.message : 'the runtime did not answer', later);
    },
    timeoutMs + 1_000,
  );
}
