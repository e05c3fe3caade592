/**
 * The probes of a running container: startup first, then readiness and liveness. A container that fails its startup or liveness probe is
 * stopped, and its restart policy decides what follows. Models kubernetes pkg/kubelet/prober.
 */
import { utf8Text } from '../base/bytes.ts';
import type { Probe } from '../kinds/pod/types.ts';
import { type ContainerRecord, fieldPathOf, type Instance } from './container-record.ts';
import { stopContainer } from './container-stop.ts';
import type { PodScope } from './pod-surroundings.ts';
import { probeActionOf } from './probe-action.ts';
import { type ProbeType, ProbeWorker } from './probe-worker.ts';
import type { Turn } from './turn.ts';

type Running = Extract<Instance, { state: 'running' }>;

/** What exec probes show of the output. */
const outputCharactersMax = 1_000;

/**
 * Probes what is due and sets whether the container is started and ready. `isEnding`: the pod is being stopped, so nothing but readiness
 * matters any more.
 */
export function advanceProbes(
  record: ContainerRecord,
  running: Running,
  scope: PodScope,
  turn: Turn,
  isEnding: boolean,
): void {
  const { startupProbe, readinessProbe, livenessProbe } = record.spec;
  if (record.operation?.type === 'postStart') return;
  if (!record.isStarted) {
    const startup = startupProbe === undefined ? null : workerOf(record, 'startup', startupProbe, running);
    record.isStarted = startup === null || startup.verdict === 'success';
    if (startup !== null && !record.isStarted && !isEnding) carryOut(record, startup, running, scope, turn);
    if (!record.isStarted) return;
  }
  if (readinessProbe === undefined) record.isReady = true;
  else {
    const readiness = workerOf(record, 'readiness', readinessProbe, running);
    record.isReady = readiness.verdict === 'success';
    carryOut(record, readiness, running, scope, turn);
  }
  if (livenessProbe !== undefined && !isEnding) {
    carryOut(record, workerOf(record, 'liveness', livenessProbe, running), running, scope, turn);
  }
}

function workerOf(record: ContainerRecord, type: ProbeType, probe: Probe, running: Running): ProbeWorker {
  const known = record.probes.find((worker) => worker.type === type);
  if (known !== undefined) return known;
  // A container that was ready before its kubelet restarted stays so until a probe says otherwise.
  const wasReady = type === 'readiness' && record.isReady;
  const worker = new ProbeWorker(type, probe, wasReady || type === 'liveness' ? 'success' : 'unknown', running.sinceMs);
  record.probes = [...record.probes, worker];
  return worker;
}

function carryOut(record: ContainerRecord, worker: ProbeWorker, running: Running, scope: PodScope, turn: Turn): void {
  if (worker.dueAtMs > turn.nowMs) {
    turn.wakeAt(worker.dueAtMs);
    return;
  }
  worker.begin(turn.nowMs);
  const { id: containerId } = running;
  const { timeoutMs, probe } = worker;
  const settle = (isSuccessful: boolean | null, message: string, later: Turn): void => {
    if (record.instance?.id !== containerId || !record.probes.includes(worker)) return;
    probed(record, worker, isSuccessful, message, scope, later);
  };
  if (probe.exec !== undefined) {
    turn.call(
      'execSync',
      { containerId, command: probe.exec.command ?? [], timeoutMs },
      (answer, later) => {
        if (answer.type === 'unreachable') settle(null, '', later);
        else if (answer.type === 'failed') settle(false, answer.message, later);
        else settle(answer.exitCode === 0, outputOf(answer.stdout, answer.stderr), later);
      },
      timeoutMs + 1_000,
    );
    return;
  }
  const action = probeActionOf(probe, record.spec, scope);
  if (action === null) {
    settle(true, '', turn);
    return;
  }
  turn.call(
    'probe',
    { containerId, action, timeoutMs },
    (answer, later) => {
      if (answer.type === 'unreachable') settle(null, '', later);
      else if (answer.type === 'failed') settle(false, answer.message, later);
      else settle(answer.isSuccessful, answer.message, later);
    },
    timeoutMs + 1_000,
  );
}

function probed(
  record: ContainerRecord,
  worker: ProbeWorker,
  isSuccessful: boolean | null,
  message: string,
  scope: PodScope,
  turn: Turn,
): void {
  const hasChanged = worker.answered(isSuccessful);
  if (isSuccessful === false) {
    const title = `${worker.type.charAt(0).toUpperCase()}${worker.type.slice(1)}`;
    turn.event('Warning', 'Unhealthy', `${title} probe failed: ${message}`, fieldPathOf(record));
  }
  if (!hasChanged || worker.verdict !== 'failure' || worker.type === 'readiness') return;
  if (record.instance?.state !== 'running') return;
  const graceSeconds = worker.probe.terminationGracePeriodSeconds ?? scope.pod.spec.terminationGracePeriodSeconds ?? 30;
  const reason = `Container ${record.spec.name} failed ${worker.type} probe, will be restarted`;
  stopContainer(record, scope, turn, turn.nowMs + graceSeconds * 1000, reason);
}

function outputOf(stdout: Uint8Array, stderr: Uint8Array): string {
  return `${utf8Text(stdout)}${utf8Text(stderr)}`.trim().slice(0, outputCharactersMax);
}
