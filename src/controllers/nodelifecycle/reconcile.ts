/**
 * One look at one node. A node is dead when neither its Lease nor the heartbeat of its status has changed for the grace period, by the clock
 * of this controller. Then its conditions become Unknown, its pods not ready, taints tell scheduler and evictor, and pods whose
 * toleration has run out are deleted. All of it is undone by the node itself, or by the next look, when it is heard of again. While no node
 * at all is heard of, none is tainted for eviction.
 */
import { isBeingDeleted, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import { type Condition, findCondition, withCondition } from '../../kinds/condition.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Taint } from '../../kinds/pod/scheduling-types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { type EventRecord, type Plan, patch, plan, remove, update, type Write } from '../plan.ts';
import { conditionPatch } from '../pod-patch.ts';
import { isFinished, isReady } from '../pod-state.ts';
import { nodeResource, podResource } from '../resources.ts';
import type { NodeTiming } from './keys.ts';
import type { NodeMemory } from './memory.ts';
import { allocateRange } from './pod-range.ts';
import { isFullDisruption, type Signs, silenceOf } from './sign-of-life.ts';
import { isManaged, noExecuteTaints, outOfServiceTaint, toleratedMs, wantedTaints } from './taints.ts';

export interface NodeObserved extends Signs {
  readonly node: Node;
  /** The pods bound to it; looked up only when they matter. */
  readonly pods: () => readonly Pod[];
}

type NodeContext = ReconcileContext<NodeMemory>;

/** What a live kubelet reports; all of it is unknown when the kubelet is silent. */
const reported = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

interface Verdict {
  /** The node as this look leaves its status. */
  readonly judged: Node;
  /** Its status was not marked before. */
  readonly isLost: boolean;
  readonly isSilent: boolean;
  /** No node is heard of. */
  readonly isDisrupted: boolean;
}

export function reconcileNode(observed: NodeObserved, context: NodeContext, timing: NodeTiming): Plan {
  const { node } = observed;
  const verdict = judge(observed, context, timing);
  const { judged, isLost, isSilent, isDisrupted } = verdict;
  const nodeWrites = [
    ...(isLost ? [update(nodeResource, judged, 'status')] : []),
    ...specWrites(observed, context, verdict, timing.podNetwork),
  ];
  const evictsFor = noExecuteTaints(node).filter((taint) => !isDisrupted || !isManaged(taint));
  const pods = isSilent || evictsFor.length > 0 ? observed.pods() : [];
  // A kubelet that is heard of speaks for its pods itself.
  const unready = isSilent ? notReadyWrites(pods, context.wallMs) : [];
  const eviction = evict(node, pods, evictsFor, context);
  const nextMs = Math.min(timing.monitorMs, eviction.nextMs);
  const abandoned = isOutOfService(judged) ? pods.filter(isBeingDeleted) : [];
  const ends = abandoned.filter((pod) => !isFinished(pod)).map(failedMark);
  const removals = abandoned.map((pod) => remove(podResource, pod, { gracePeriodSeconds: 0 }));
  return plan([nodeWrites, unready, eviction.marks, eviction.deletions, ends, removals], {
    requeueAfterMs: nextMs,
    events: [...(isLost ? [notReadyEvent(node)] : []), ...eviction.events],
  });
}

function judge(observed: NodeObserved, context: NodeContext, timing: NodeTiming): Verdict {
  const { node } = observed;
  const { memory, monotonicMs } = context;
  // What nobody was heard to say for half the grace is not yet held against one node.
  const recentMs = timing.graceMs / 2;
  memory.noteLook(monotonicMs, recentMs);
  const ready = findCondition(node.status?.conditions, 'Ready')?.status;
  const graceMs = ready === undefined ? timing.startupGraceMs : timing.graceMs;
  const silenceMs = silenceOf(node, observed, context);
  const isDoubtful = (ready !== undefined && ready !== 'True') || silenceMs >= graceMs;
  const isDisrupted = isDoubtful && isFullDisruption(observed, context, recentMs);
  // A node that was just heard of ends a disruption as well, such as that of a start, in which none had spoken yet.
  if (isDoubtful || silenceMs < recentMs) memory.noteDisruption(isDisrupted, monotonicMs);
  // Asked again: the end of a disruption begins all silences anew.
  const isSilent = silenceOf(node, observed, context) >= graceMs;
  const judged = isSilent ? withUnknownConditions(node, context.wallMs) : node;
  return { judged, isLost: judged !== node, isSilent, isDisrupted };
}

/** Returns the node itself when it is marked already. */
function withUnknownConditions(node: Node, wallMs: WallMs): Node {
  const known = node.status?.conditions ?? [];
  const now = timestampSeconds(wallMs);
  let conditions: readonly Condition[] = known;
  for (const type of reported) {
    const former = findCondition(conditions, type);
    if (former?.status === 'Unknown') continue;
    const [reason, message] =
      former === undefined
        ? ['NodeStatusNeverUpdated', 'Kubelet never posted node status.']
        : ['NodeStatusUnknown', 'Kubelet stopped posting node status.'];
    conditions = withCondition(conditions, {
      ...former,
      type,
      status: 'Unknown',
      reason,
      message,
      lastTransitionTime: now,
    });
  }
  return conditions === known ? node : { ...node, status: { ...node.status, conditions } };
}

/** Range and taints travel in one patch, guarded by the resourceVersion; after a status write they wait for the next look. */
function specWrites(
  { node, nodes }: NodeObserved,
  { memory, wallMs }: NodeContext,
  { isLost, isDisrupted }: Verdict,
  podNetwork: string | undefined,
): Write[] {
  if (isLost) return [];
  const spec: Record<string, unknown> = {};
  if (node.spec.podCIDR === undefined) {
    const range = allocateRange(node, nodes, memory, podNetwork);
    if (range !== null) Object.assign(spec, { podCIDR: range, podCIDRs: [range] });
  }
  const taints = wantedTaints(node, isDisrupted, wallMs);
  if (taints !== null) spec['taints'] = taints;
  if (Object.keys(spec).length === 0) return [];
  const { resourceVersion } = node.metadata;
  return [patch(nodeResource, node, { metadata: { resourceVersion }, spec }, { accepts: [404] })];
}

function notReadyWrites(pods: readonly Pod[], wallMs: WallMs): Write[] {
  return pods
    .filter((pod) => isReady(pod) && !isFinished(pod))
    .map((pod) =>
      conditionPatch(pod, { type: 'Ready', status: 'False', lastTransitionTime: timestampSeconds(wallMs) }),
    );
}

interface Eviction {
  readonly marks: readonly Write[];
  readonly deletions: readonly Write[];
  readonly events: readonly EventRecord[];
  /** When the next toleration runs out. */
  readonly nextMs: number;
}

function evict(
  node: Node,
  pods: readonly Pod[],
  taints: readonly Taint[],
  { memory, monotonicMs, wallMs }: NodeContext,
): Eviction {
  const intolerant = new Set<string>();
  const doomed: Pod[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  for (const pod of taints.length === 0 ? [] : pods) {
    if (isBeingDeleted(pod)) continue;
    const staysMs = toleratedMs(pod, taints);
    if (staysMs === Number.POSITIVE_INFINITY) continue;
    intolerant.add(uidOf(pod));
    const leftMs = memory.intolerantSince(nameOf(node), uidOf(pod), monotonicMs) + staysMs - monotonicMs;
    if (leftMs <= 0) doomed.push(pod);
    else nextMs = Math.min(nextMs, leftMs);
  }
  memory.keepIntolerant(nameOf(node), intolerant);
  return {
    marks: doomed.map((pod) => disruptionMark(pod, wallMs)),
    deletions: doomed.map((pod) => remove(podResource, pod)),
    events: doomed.map((pod) => ({
      object: pod,
      type: 'Normal',
      reason: 'TaintManagerEviction',
      message: `Marking for deletion Pod ${namespaceOf(pod)}/${nameOf(pod)}`,
    })),
    nextMs,
  };
}

/**
 * Somebody knows that the node is off: nobody will ever say that its pods have ended. Models pkg/controller/podgc gcTerminating.
 */
function isOutOfService({ spec, status }: Node): boolean {
  const isReadyNode = findCondition(status?.conditions, 'Ready')?.status === 'True';
  return !isReadyNode && (spec.taints ?? []).some(({ key }) => key === outOfServiceTaint);
}

function failedMark(pod: Pod): Write {
  const body = { metadata: { uid: pod.metadata.uid }, status: { phase: 'Failed' } };
  return patch(podResource, pod, body, { subresource: 'status', accepts: [404, 409] });
}

function disruptionMark(pod: Pod, wallMs: WallMs): Write {
  return conditionPatch(pod, {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: timestampSeconds(wallMs),
  });
}

function notReadyEvent(node: Node): EventRecord {
  const message = `Node ${nameOf(node)} status is now: NodeNotReady`;
  return { object: node, type: 'Normal', reason: 'NodeNotReady', message };
}
