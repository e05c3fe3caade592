/**
 * What is missing and what is too much on each node. Models kubernetes pkg/controller/daemon/daemon_controller.go podsShouldBeOnNode.
 */
import { isBeingDeleted, labelsOf, nameOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { DaemonSet } from '../../kinds/daemonset/types.ts';
import type { Node } from '../../kinds/node/types.ts';
import { pinnedNodes } from '../../kinds/pod/node-selector.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { availableInMs, isReady } from '../pod-state.ts';
import type { Eligibility } from './eligibility.ts';

export const hashLabel = 'controller-revision-hash';

/** A node that a daemon set has to do with; `node` is null for one that its pods name and that does not exist. */
export interface Place {
  readonly name: string;
  readonly eligibility: Eligibility;
  /** Going ones too. */
  readonly pods: readonly Pod[];
}

/** What to do on one node. */
export interface PlaceChange {
  readonly isMissing: boolean;
  readonly finished: readonly Pod[];
  readonly excess: readonly Pod[];
}

const asItIs: PlaceChange = { isMissing: false, finished: [], excess: [] };

/** Sorts pods by the nodes they are meant for; nodes that nobody asks for and that hold no pods are left out. */
export function placesOf(
  nodes: readonly Node[],
  pods: readonly Pod[],
  judge: (node: Node) => Eligibility,
): readonly Place[] {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const name = targetNode(pod);
    const known = byNode.get(name);
    if (known === undefined) byNode.set(name, [pod]);
    else known.push(pod);
  }
  return nodes.flatMap((node): Place[] => {
    const name = nameOf(node);
    const place = { name, eligibility: judge(node), pods: (byNode.get(name) ?? []).sort(byAge) };
    return place.eligibility.shouldRun || place.pods.length > 0 ? [place] : [];
  });
}

/** Returns the pods whose node does not exist and that no scheduler has placed: nothing will ever run them. */
export function strandedPods(nodes: readonly Node[], pods: readonly Pod[]): readonly Pod[] {
  const names = new Set(nodes.map(nameOf));
  return pods.filter((pod) => (pod.spec.nodeName ?? '') === '' && !isBeingDeleted(pod) && !names.has(targetNode(pod)));
}

export function placeChange(
  place: Place,
  daemonSet: DaemonSet,
  hash: string,
  surges: boolean,
  nowMs: WallMs,
): PlaceChange {
  const { eligibility, pods } = place;
  if (eligibility.shouldRun && pods.length === 0) return { ...asItIs, isMissing: true };
  const staying = pods.filter((pod) => !isBeingDeleted(pod));
  if (!eligibility.mayStay) return { ...asItIs, excess: staying };
  const finished = staying.filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded');
  const running = staying.filter((pod) => !finished.includes(pod));
  if (running.length <= 1) return { ...asItIs, finished };
  if (!surges) return { ...asItIs, finished, excess: running.slice(1) };
  return { ...asItIs, finished, excess: surgeExcess(running, hash, daemonSet.spec.minReadySeconds ?? 0, nowMs) };
}

/** While surging one new and one old pod may stand side by side, the old one only as long as it serves and the new one does not. */
function surgeExcess(running: readonly Pod[], hash: string, minReadySeconds: number, nowMs: WallMs): readonly Pod[] {
  const fresh = running.find((pod) => isOfRevision(pod, hash));
  const old = running.find((pod) => !isOfRevision(pod, hash));
  const excess = running.filter((pod) => pod !== fresh && pod !== old);
  if (fresh === undefined || old === undefined) return excess;
  const isOldDone = !isReady(old) || availableInMs(fresh, minReadySeconds, nowMs) === 0;
  return isOldDone ? [...excess, old] : excess;
}

export function isOfRevision(pod: Pod, hash: string): boolean {
  return labelsOf(pod)[hashLabel] === hash;
}

/** The node that a pod runs on, or is pinned to until it does. */
export function targetNode(pod: Pod): string {
  const { nodeName = '' } = pod.spec;
  if (nodeName !== '') return nodeName;
  const [first = ''] = pinnedNodes(pod) ?? [];
  return first;
}

/** Those with a node first, then the older. */
function byAge(left: Pod, right: Pod): number {
  const placed = Number((right.spec.nodeName ?? '') !== '') - Number((left.spec.nodeName ?? '') !== '');
  if (placed !== 0) return placed;
  const [leftTime = '', rightTime = ''] = [left.metadata.creationTimestamp, right.metadata.creationTimestamp];
  if (leftTime !== rightTime) return leftTime < rightTime ? -1 : 1;
  return nameOf(left) < nameOf(right) ? -1 : 1;
}
