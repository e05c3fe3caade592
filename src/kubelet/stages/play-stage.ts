/**
 * Carries out one stage as a flow: its steps in their order, each write repeated until somebody answers. Templates see the pod as it was when the
 * stage was chosen. Models kwok pkg/utils/lifecycle/next.go doStageSteps and pkg/kwok/controllers/stage_controller.go playStage.
 */
import { type Flow, sleep } from '../../actor/flow.ts';
import type { GroupVersionResource } from '../../api/group-version.ts';
import type { Json } from '../../api/json.ts';
import { finalizersOf, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ApiAnswer, ApiClient, RequestSubject } from '../../protocol/api-client.ts';
import { renderPatch, renderText, type StageScene } from './render-stage.ts';
import type { StageEvent, StageFinalizers, StageStep } from './stage.ts';
import type { PlayResult, StagePlay } from './staged-pods.ts';

export interface StageSurroundings {
  readonly api: ApiClient;
  readonly retryMs: number;
  readonly wallMs: () => WallMs;
  readonly sceneOf: (nowMs: WallMs) => StageScene;
  /** Records something about the pod for people. */
  readonly tell: (pod: Pod, type: StageEvent['type'], reason: string, message: string) => void;
}

type StepEnd =
  | { readonly type: 'done'; readonly pod: Pod | null }
  /** The pod is gone, or has changed meanwhile. */
  | { readonly type: 'outdated' }
  | { readonly type: 'failed'; readonly message: string };

const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const attemptTimeoutMs = 5_000;
/** What people hear of a stage that cannot be carried out. */
const failedReason = 'StageFailed';

export function* playStage(play: StagePlay, surroundings: StageSurroundings): Flow<PlayResult> {
  let written: Pod | null = null;
  let isDeleted = false;
  for (const step of play.stage.steps) {
    if (isDeleted && step.type !== 'event') continue;
    const end: StepEnd = yield* takeStep(step, play, surroundings);
    if (end.type === 'failed') {
      surroundings.tell(play.pod, 'Warning', failedReason, `stage ${play.stage.name}: ${end.message}`);
    }
    if (end.type !== 'done') return { pod: written };
    if (end.pod !== null) written = end.pod;
    if (step.type === 'delete') isDeleted = true;
  }
  return { pod: written };
}

function* takeStep(step: StageStep, { pod }: StagePlay, surroundings: StageSurroundings): Flow<StepEnd> {
  const place = { resource: pods, namespace: namespaceOf(pod), name: nameOf(pod) };
  const scene = surroundings.sceneOf(surroundings.wallMs());
  switch (step.type) {
    case 'event': {
      const { type, reason, message } = step.event;
      const rendered = renderText(message, pod, scene);
      if (rendered.type === 'faulty') return { type: 'failed', message: `message of its event: ${rendered.message}` };
      surroundings.tell(pod, type, reason, rendered.value);
      return { type: 'done', pod: null };
    }
    case 'finalizers': {
      const body = finalizersPatch(step.finalizers, pod);
      if (body === null) return { type: 'done', pod: null };
      return yield* write({ ...place, verb: 'patch', patch: 'merge', body }, surroundings);
    }
    case 'delete': {
      const preconditions = { uid: uidOf(pod) };
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions };
      const end = yield* write({ ...place, verb: 'delete', body }, surroundings);
      return end.type === 'done' ? { type: 'done', pod: null } : end;
    }
    case 'patch': {
      const { subresource, patch } = step.patch;
      const rendered = renderPatch(step.patch, pod, scene);
      if (rendered.type === 'faulty') return { type: 'failed', message: `template, ${rendered.message}` };
      return yield* write({ ...place, verb: 'patch', patch, subresource, body: rendered.value }, surroundings);
    }
  }
}

/** The finalizers as a whole, on condition that the pod is what it was; null when they stay as they are. */
function finalizersPatch({ add, remove, empty }: StageFinalizers, pod: Pod): Json {
  const present = finalizersOf(pod);
  const kept = empty ? [] : present.filter((name) => !remove.includes(name));
  const finalizers = [...kept, ...add.filter((name) => !kept.includes(name))];
  if (finalizers.length === present.length && finalizers.every((name, index) => name === present[index])) return null;
  return { metadata: { uid: uidOf(pod), resourceVersion: pod.metadata.resourceVersion ?? '', finalizers } };
}

function* write(subject: RequestSubject, { api, retryMs }: StageSurroundings): Flow<StepEnd> {
  for (;;) {
    const answer: ApiAnswer = yield* api.call(subject, attemptTimeoutMs);
    if (answer.type === 'done') return { type: 'done', pod: answer.object as Pod };
    if (answer.type === 'refused') {
      const { code, message } = answer.status;
      if (code === 404 || code === 409) return { type: 'outdated' };
      if (code !== 429 && code < 500) return { type: 'failed', message: message ?? '' };
    }
    yield* sleep(retryMs);
  }
}
