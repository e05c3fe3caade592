/**
 * Keeps one pod on each node that a daemon set may run on, and leads the pods from one template to the next. First every node gets what it
 * lacks and loses what is too much; only when that is so does an update take its next step.
 * Models kubernetes pkg/controller/daemon/daemon_controller.go and update.go.
 */
import { isBeingDeleted, labelsOf, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import type { DaemonSet } from '../../kinds/daemonset/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { generatedName } from '../generated-name.ts';
import { daemonBurst, failedDaemonBackoffMaxMs, failedDaemonBackoffMinMs } from '../limits.ts';
import { claimWrites } from '../ownership.ts';
import { create, type EventRecord, nothingToDo, type Plan, plan, remove, update, type Write } from '../plan.ts';
import {
  createdEvent,
  deletedEvent,
  podFailure,
  podFailureEvent,
  podFromTemplate,
  slowlyStarted,
} from '../pod-control.ts';
import { nextAvailableInMs } from '../pod-state.ts';
import { controllerRevisionResource, daemonSetResource, podResource } from '../resources.ts';
import { prunedRevisions, type RevisionHistory, revisionHistory } from '../revision-history.ts';
import { nodeJudge, templateForNode } from './eligibility.ts';
import type { DaemonSetObserved } from './observe.ts';
import { hashLabel, type Place, placeChange, placesOf, strandedPods, targetNode } from './placement.ts';
import { allowsSurge, updateStep } from './rolling-update.ts';
import { daemonSetStatus, isSameStatus } from './status.ts';

/** How long the failed pods of a daemon set on a node are left alone, by `uid/node`: they must not be replaced in a tight loop. */
export type Backoffs = Map<string, { readonly delayMs: number; readonly untilMs: MonotonicMs }>;

interface Change {
  readonly creations: readonly string[];
  readonly deletions: readonly Pod[];
  readonly events: readonly EventRecord[];
  readonly waitMs: number;
}

export function reconcileDaemonSet(observed: DaemonSetObserved, context: ReconcileContext<Backoffs>): Plan {
  const { daemonSet } = observed;
  if (isBeingDeleted(daemonSet)) return nothingToDo;
  if (selectsAll(daemonSet)) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
    return plan([], { events: [{ object: daemonSet, type: 'Warning', reason: 'SelectingAll', message }] });
  }
  const pods = [...observed.pods.owned, ...observed.pods.adopted];
  const places = placesOf(observed.nodes, pods, nodeJudge(daemonSet));
  const history = historyOf(observed);
  const hash = history.present === null ? '' : (labelsOf(history.present)[hashLabel] ?? '');
  const { wallMs } = context;
  const status = daemonSetStatus(daemonSet, places, { hash, collisionCount: history.collisionCount, wallMs });
  const isSame = isSameStatus(daemonSet.status, status);
  const head: readonly Write[] = [
    ...claimWrites(daemonSet, podResource, observed.pods),
    ...claimWrites(daemonSet, controllerRevisionResource, observed.revisions),
    ...history.writes,
    ...(isSame ? [] : [update(daemonSetResource, { ...daemonSet, status } as DaemonSet, 'status')]),
  ];
  if (history.present === null) return plan([head]);
  const change = changeOf(observed, places, hash, context);
  const made = change.creations.slice(0, daemonBurst).map((name) => daemonPod(daemonSet, name, hash, context));
  const doomed = change.deletions.slice(0, daemonBurst);
  const failure = podFailure(context);
  const waitMs = Math.min(change.waitMs, nextAvailableInMs(pods, daemonSet.spec.minReadySeconds ?? 0, wallMs));
  const groups = [
    head,
    doomed.map((pod) => remove(podResource, pod)),
    ...slowlyStarted(made.map((pod) => create(podResource, pod))),
    made.length + doomed.length === 0 ? pruned(observed, history, pods) : [],
  ];
  return plan(groups, {
    events: [
      ...(failure === null ? [] : [podFailureEvent(daemonSet, made.length > 0, failure)]),
      ...change.events,
      ...made.map((pod) => createdEvent(daemonSet, pod)),
      ...doomed.map((pod) => deletedEvent(daemonSet, pod)),
    ],
    ...(waitMs === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: waitMs }),
  });
}

function historyOf({ daemonSet, revisions, isRevisionNameTaken }: DaemonSetObserved): RevisionHistory {
  const source = {
    owner: daemonSet,
    template: daemonSet.spec.template,
    hashLabel,
    collisionCount: daemonSet.status?.collisionCount ?? 0,
  };
  return revisionHistory(source, [...revisions.owned, ...revisions.adopted], isRevisionNameTaken);
}

function changeOf(
  observed: DaemonSetObserved,
  places: readonly Place[],
  hash: string,
  context: ReconcileContext<Backoffs>,
): Change {
  const { daemonSet, nodes, pods } = observed;
  const surges = allowsSurge(daemonSet);
  const creations: string[] = [];
  const deletions: Pod[] = [...strandedPods(nodes, pods.owned)];
  const events: EventRecord[] = [];
  let waitMs = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const { isMissing, finished, excess } = placeChange(place, daemonSet, hash, surges, context.wallMs);
    if (isMissing) creations.push(place.name);
    deletions.push(...excess);
    for (const pod of finished) {
      const leftMs = finishedInMs(daemonSet, pod, context);
      waitMs = leftMs > 0 ? Math.min(waitMs, leftMs) : waitMs;
      if (leftMs > 0) continue;
      deletions.push(pod);
      events.push(finishedEvent(daemonSet, pod));
    }
  }
  if (creations.length + deletions.length > 0 || daemonSet.spec.updateStrategy?.type === 'OnDelete') {
    return { creations, deletions, events, waitMs };
  }
  return { ...updateStep(daemonSet, places, hash, context.wallMs), events, waitMs };
}

/** A failed pod is replaced at once, the next one on that node after a while that doubles each time. */
function finishedInMs(daemonSet: DaemonSet, pod: Pod, { memory, monotonicMs }: ReconcileContext<Backoffs>): number {
  if (pod.status?.phase !== 'Failed') return 0;
  const key = `${uidOf(daemonSet)}/${targetNode(pod)}`;
  const known = memory.get(key);
  if (known !== undefined && known.untilMs > monotonicMs) return known.untilMs - monotonicMs;
  const isForgotten = known === undefined || monotonicMs - known.untilMs > 2 * failedDaemonBackoffMaxMs;
  const delayMs = isForgotten ? failedDaemonBackoffMinMs : Math.min(known.delayMs * 2, failedDaemonBackoffMaxMs);
  memory.set(key, { delayMs, untilMs: (monotonicMs + delayMs) as MonotonicMs });
  return 0;
}

function finishedEvent(daemonSet: DaemonSet, pod: Pod): EventRecord {
  const place = `${namespaceOf(pod)}/${nameOf(pod)} on node ${targetNode(pod)}`;
  return pod.status?.phase === 'Failed'
    ? {
        object: daemonSet,
        type: 'Warning',
        reason: 'FailedDaemonPod',
        message: `Found failed daemon pod ${place}, will try to kill it`,
      }
    : {
        object: daemonSet,
        type: 'Normal',
        reason: 'SucceededDaemonPod',
        message: `Found succeeded daemon pod ${place}, will try to delete it`,
      };
}

function daemonPod(daemonSet: DaemonSet, nodeName: string, hash: string, { random }: ReconcileContext<Backoffs>): Pod {
  const generateName = `${nameOf(daemonSet)}-`;
  const template = templateForNode(daemonSet.spec.template, nodeName);
  const pod = podFromTemplate(daemonSet, template, generatedName(generateName, random), generateName);
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [hashLabel]: hash } } };
}

/** Revisions that pods still stand at stay, beyond the limit too. */
function pruned({ daemonSet }: DaemonSetObserved, history: RevisionHistory, pods: readonly Pod[]): readonly Write[] {
  const used = new Set(pods.map((pod) => labelsOf(pod)[hashLabel]));
  const limit = daemonSet.spec.revisionHistoryLimit ?? 10;
  return prunedRevisions(history, (revision) => used.has(labelsOf(revision)[hashLabel]), limit);
}

function selectsAll({ spec }: DaemonSet): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec.selector ?? {};
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
