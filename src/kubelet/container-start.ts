/**
 * How a container gets to run: back-off, image, create, start, postStart hook. Each function does one step and is called again until the
 * container runs; what waits for the runtime is the record's operation, what waits for time is its `retryAtMs`.
 * Models kubernetes pkg/kubelet/kuberuntime (startContainer, doBackOff) and pkg/kubelet/images/image_manager.go.
 */
import { nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { pullTimeoutMs } from '../protocol/runtime.ts';
import { containerConfigOf } from './container-config.ts';
import { runHook } from './container-hook.ts';
import { type ContainerRecord, fieldPathOf, type Operation } from './container-record.ts';
import { stopContainer } from './container-stop.ts';
import { environmentOf } from './environment.ts';
import { goDuration } from './go-duration.ts';
import { imageNameComplaint } from './image-reference.ts';
import type { PodScope } from './pod-surroundings.ts';
import { pullSecretsOf } from './pull-secrets.ts';
import type { Turn } from './turn.ts';

const configErrorReason = 'CreateContainerConfigError';
/** Share of a pull's back-off during which the status still tells the error itself. */
const errorShownShare = 0.1;
const errorShownMaxMs = 1_000;

/** Takes the next step towards a running container. Does nothing while one is under way or has to wait. */
export function advanceStart(record: ContainerRecord, scope: PodScope, turn: Turn): void {
  assert(record.instance?.state !== 'running', 'a running container is not started', { name: record.spec.name });
  if (record.operation !== null) return;
  removeOutdated(record, turn);
  if (isBackingOff(record, scope, turn)) return;
  const environment = environmentOf(record.spec, scope);
  // Whoever watches what is named, or sets the volumes, brings the next turn.
  if (environment.type === 'waiting' || !scope.hasVolumes) return;
  if (record.waiting?.reason === configErrorReason && environment.type === 'made') {
    // What was missing has come.
    record.retryAtMs = 0;
    record.waiting = null;
  }
  if (record.retryAtMs > turn.nowMs) {
    showPullBackoff(record, turn);
    turn.wakeAt(record.retryAtMs);
    return;
  }
  if (record.instance?.state === 'created') start(record, record.instance.id, scope, turn);
  else findImage(record, scope, turn);
}

function begin(record: ContainerRecord, type: Operation['type']): Operation {
  const operation: Operation = { type, killAtMs: 0 };
  record.operation = operation;
  return operation;
}

/** Ends `operation`; false when it is not what the record waits for any more. */
function finish(record: ContainerRecord, operation: Operation): boolean {
  if (record.operation !== operation) return false;
  record.operation = null;
  return true;
}

function isBackingOff(record: ContainerRecord, { pod }: PodScope, turn: Turn): boolean {
  const { instance } = record;
  if (instance?.state !== 'exited') return false;
  const waitMs = record.crashBackoff.waitMs(instance.sinceMs);
  const untilMs = instance.sinceMs + waitMs;
  if (turn.nowMs >= untilMs) return false;
  const name = `${nameOf(pod)}_${namespaceOf(pod)}(${uidOf(pod)})`;
  const what = `restarting failed container=${record.spec.name} pod=${name}`;
  record.waiting = { reason: 'CrashLoopBackOff', message: `back-off ${goDuration(waitMs)} ${what}` };
  if (record.toldBackoffOf !== instance.id) {
    record.toldBackoffOf = instance.id;
    const message = `Back-off restarting failed container ${record.spec.name} in pod ${name}`;
    turn.event('Warning', 'BackOff', message, fieldPathOf(record));
  }
  turn.wakeAt(untilMs);
  return true;
}

function findImage(record: ContainerRecord, scope: PodScope, turn: Turn): void {
  const { image = '', imagePullPolicy } = record.spec;
  const complaint = imageNameComplaint(image);
  if (complaint !== null) {
    refuseName(record, image, complaint, turn, scope);
    return;
  }
  if (imagePullPolicy === 'Always') {
    pull(record, scope, turn);
    return;
  }
  const operation = begin(record, 'image');
  const { runtimeHandler } = scope.sandbox;
  turn.call('imageStatus', { image, runtimeHandler }, (answer, later) => {
    if (!finish(record, operation)) return;
    if (answer.type !== 'done') retryLater(record, scope, later);
    else if (answer.imageId !== null) {
      const message = withNote(`Container image "${image}" already present on machine`, answer.note);
      later.event('Normal', 'Pulled', message, fieldPathOf(record));
      create(record, answer.imageId, scope, later);
    } else if (imagePullPolicy === 'Never') refuseToPull(record, image, later, scope);
    else pull(record, scope, later);
  });
}

function refuseName(record: ContainerRecord, image: string, complaint: string, turn: Turn, { facts }: PodScope): void {
  const message = `Failed to apply default image tag ${JSON.stringify(image)}: ${complaint}`;
  record.waiting = { reason: 'InvalidImageName', message };
  turn.event('Warning', 'InspectFailed', message, fieldPathOf(record));
  turn.event('Warning', 'Failed', 'Error: InvalidImageName', fieldPathOf(record));
  record.retryAtMs = turn.nowMs + facts.limits.configRetryMs;
  turn.wakeAt(record.retryAtMs);
}

function refuseToPull(record: ContainerRecord, image: string, turn: Turn, { facts }: PodScope): void {
  const message = `Container image "${image}" is not present with pull policy of Never`;
  record.waiting = { reason: 'ErrImageNeverPull', message };
  turn.event('Warning', 'ErrImageNeverPull', message, fieldPathOf(record));
  turn.event('Warning', 'Failed', 'Error: ErrImageNeverPull', fieldPathOf(record));
  record.retryAtMs = turn.nowMs + facts.limits.pullBackoffMinMs;
}

function pull(record: ContainerRecord, scope: PodScope, turn: Turn): void {
  const { image = '' } = record.spec;
  const secrets = pullSecretsOf(scope.pod, image, scope.facts.objects);
  // The watch of the secret brings the next turn.
  if (secrets.type === 'waiting') return;
  const { credentials, missing } = secrets;
  const operation = begin(record, 'pull');
  const beganAtMs = turn.nowMs;
  if (missing.length > 0) {
    const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
    turn.event('Warning', 'FailedToRetrieveImagePullSecret', message);
  }
  turn.event('Normal', 'Pulling', `Pulling image "${image}"`, fieldPathOf(record));
  turn.call(
    'pullImage',
    { image, sandbox: scope.sandbox, ...(credentials.length === 0 ? {} : { credentials }) },
    (answer, later) => {
      if (!finish(record, operation)) return;
      if (answer.type === 'done') {
        later.hasPulled = true;
        const took = goDuration(later.nowMs - beganAtMs);
        const size = `Image size: ${answer.sizeBytes} bytes.`;
        const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). ${size}`;
        later.event('Normal', 'Pulled', withNote(message, answer.note), fieldPathOf(record));
        create(record, answer.imageId, scope, later);
      } else if (answer.type === 'unreachable') retryLater(record, scope, later);
      else pullFailed(record, image, answer.message, later);
    },
    pullTimeoutMs,
  );
}

/** Some runtimes take an image for another: people are told. */
function withNote(message: string, note: string): string {
  return note === '' ? message : `${message}${message.endsWith('.') ? '' : '.'} ${note}`;
}

function pullFailed(record: ContainerRecord, image: string, message: string, turn: Turn): void {
  record.pullBackoff.count(turn.nowMs, turn.nowMs);
  record.retryAtMs = turn.nowMs + record.pullBackoff.waitMs(turn.nowMs);
  record.waiting = { reason: 'ErrImagePull', message };
  turn.event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`, fieldPathOf(record));
  turn.event('Warning', 'Failed', 'Error: ErrImagePull', fieldPathOf(record));
  turn.wakeAt(errorShownUntil(record, turn.nowMs));
}

/** While a failed pull waits, its error gives way to the back-off. */
function showPullBackoff(record: ContainerRecord, turn: Turn): void {
  if (record.waiting?.reason !== 'ErrImagePull') return;
  const shownUntilMs = errorShownUntil(record, turn.nowMs);
  if (turn.nowMs < shownUntilMs) {
    turn.wakeAt(shownUntilMs);
    return;
  }
  const message = `Back-off pulling image "${record.spec.image ?? ''}"`;
  record.waiting = { reason: 'ImagePullBackOff', message: `${message}: ErrImagePull: ${record.waiting.message}` };
  turn.event('Normal', 'BackOff', message, fieldPathOf(record));
  turn.event('Warning', 'Failed', 'Error: ImagePullBackOff', fieldPathOf(record));
}

function errorShownUntil(record: ContainerRecord, nowMs: MonotonicMs): number {
  const waitMs = record.pullBackoff.waitMs(nowMs);
  return record.retryAtMs - waitMs + Math.min(errorShownMaxMs, waitMs * errorShownShare);
}

function create(record: ContainerRecord, imageId: string, scope: PodScope, turn: Turn): void {
  const { instance } = record;
  const attempt = instance === null && record.lastExit === null ? record.restartCount : record.restartCount + 1;
  const verdict = containerConfigOf(record, scope, attempt, imageId);
  if (verdict.type === 'waiting') return;
  if (verdict.type === 'missing') {
    missesConfig(record, scope, verdict.message, turn);
    return;
  }
  const { config } = verdict;
  const { resources = {} } = record.spec;
  if (instance?.state === 'exited') record.crashBackoff.count(instance.sinceMs, turn.nowMs);
  const operation = begin(record, 'create');
  turn.call('createContainer', { sandboxId: scope.sandboxId, config }, (answer, later) => {
    if (!finish(record, operation)) return;
    if (answer.type !== 'done') {
      failed(record, scope, 'CreateContainerError', answer.type === 'failed' ? answer.message : '', later);
      return;
    }
    if (record.instance?.state === 'exited') {
      if (record.lastExit !== null) record.outdated.push(record.lastExit.containerId);
      record.lastExit = record.instance.exit;
    }
    record.restartCount = attempt;
    record.image = config.image;
    record.imageId = imageId;
    record.given = resources;
    record.isRestarting = false;
    record.instance = { state: 'created', id: answer.containerId };
    later.event('Normal', 'Created', `Created container: ${record.spec.name}`, fieldPathOf(record));
    start(record, answer.containerId, scope, later);
  });
}

function start(record: ContainerRecord, containerId: string, scope: PodScope, turn: Turn): void {
  const operation = begin(record, 'start');
  turn.call('startContainer', { containerId }, (answer, later) => {
    if (!finish(record, operation)) return;
    if (answer.type === 'unreachable') {
      retryLater(record, scope, later);
      return;
    }
    if (answer.type === 'failed') {
      startFailed(record, containerId, answer.message, later);
      return;
    }
    record.waiting = null;
    record.retryAtMs = 0;
    record.instance = { state: 'running', id: containerId, startedAtMs: later.wallMs, sinceMs: later.nowMs };
    later.event('Normal', 'Started', `Started container ${record.spec.name}`, fieldPathOf(record));
    runPostStart(record, containerId, scope, later);
  });
}

/** A container that cannot start has ended with code 128, as container runtimes report it. */
function startFailed(record: ContainerRecord, containerId: string, message: string, turn: Turn): void {
  turn.event('Warning', 'Failed', `Error: ${message}`, fieldPathOf(record));
  record.waiting = null;
  record.instance = {
    state: 'exited',
    id: containerId,
    exit: {
      containerId,
      exitCode: 128,
      reason: 'StartError',
      message,
      startedAtMs: null,
      finishedAtMs: turn.wallMs,
    },
    sinceMs: turn.nowMs,
  };
}

/** A container whose postStart hook fails is stopped; its restart policy decides what follows. */
function runPostStart(record: ContainerRecord, containerId: string, scope: PodScope, turn: Turn): void {
  const hook = record.spec.lifecycle?.postStart;
  if (hook === undefined) return;
  const operation = begin(record, 'postStart');
  const timeoutMs = pullTimeoutMs;
  runHook(hook, record.spec, containerId, scope, turn, timeoutMs, (error, later) => {
    if (!finish(record, operation) || error === null) return;
    later.event('Warning', 'FailedPostStartHook', error, fieldPathOf(record));
    const graceMs = (scope.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    stopContainer(record, scope, later, later.nowMs + graceMs, 'FailedPostStartHook');
  });
}

function missesConfig(record: ContainerRecord, { facts }: PodScope, message: string, turn: Turn): void {
  record.waiting = { reason: configErrorReason, message };
  record.retryAtMs = turn.nowMs + facts.limits.configRetryMs;
  turn.event('Warning', 'Failed', `Error: ${message}`, fieldPathOf(record));
  turn.wakeAt(record.retryAtMs);
}

function failed(record: ContainerRecord, scope: PodScope, reason: string, message: string, turn: Turn): void {
  record.waiting = { reason, message };
  turn.event('Warning', 'Failed', `Error: ${message === '' ? reason : message}`, fieldPathOf(record));
  retryLater(record, scope, turn);
}

/** The runtime did not do what it should: try again soon, with a fresh view of what it has. */
function retryLater(record: ContainerRecord, { facts }: PodScope, turn: Turn): void {
  record.retryAtMs = turn.nowMs + facts.limits.runtimeRetryMs;
  turn.wantsList = true;
  turn.wakeAt(record.retryAtMs);
}

/** The last two instances are kept, for their logs; what is older goes. */
function removeOutdated(record: ContainerRecord, turn: Turn): void {
  for (const containerId of record.outdated.splice(0)) turn.call('removeContainer', { containerId }, () => {});
}
