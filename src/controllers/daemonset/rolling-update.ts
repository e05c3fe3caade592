/**
 * Which old pods may go, and which nodes get a second pod first, so that no more than maxUnavailable daemons are away at once.
 * Models kubernetes pkg/controller/daemon/update.go rollingUpdate.
 */
import { scaledValue } from '../../api/int-or-string.ts';
import { isBeingDeleted } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { DaemonSet } from '../../kinds/daemonset/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { availableInMs } from '../pod-state.ts';
import { isOfRevision, type Place } from './placement.ts';

export interface UpdateLimits {
  readonly surge: number;
  readonly unavailable: number;
}

export interface UpdateStep {
  readonly deletions: readonly Pod[];
  /** Names of nodes that get a new pod beside the old one. */
  readonly creations: readonly string[];
}

/** If both come to zero an update could never begin. */
export function updateLimits({ spec }: DaemonSet, desired: number): UpdateLimits {
  const { maxSurge = 0, maxUnavailable = 1 } = spec.updateStrategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, desired, 'up') ?? 0;
  const unavailable = scaledValue(maxUnavailable, desired, 'up') ?? 0;
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** Tells whether the daemon set may have two pods on one node. */
export function allowsSurge({ spec }: DaemonSet): boolean {
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  return type === 'RollingUpdate' && (scaledValue(rollingUpdate?.maxSurge ?? 0, 100, 'up') ?? 0) > 0;
}

export function updateStep(daemonSet: DaemonSet, places: readonly Place[], hash: string, nowMs: WallMs): UpdateStep {
  const limits = updateLimits(daemonSet, places.filter(({ eligibility }) => eligibility.shouldRun).length);
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const isAvailable = (pod: Pod): boolean => availableInMs(pod, minReadySeconds, nowMs) === 0;
  const pairs = places.map((place) => ({ name: place.name, ...pairOn(place, hash) }));
  return limits.surge > 0 ? surged(pairs, limits.surge, isAvailable) : replaced(pairs, limits.unavailable, isAvailable);
}

interface Pair {
  readonly name: string;
  readonly fresh: Pod | undefined;
  readonly old: Pod | undefined;
  /** More than one of a kind: what is too much goes first. */
  readonly isCrowded: boolean;
}

/** An old pod that does not serve costs nobody anything; of the others as many go as may be away. */
function replaced(pairs: readonly Pair[], max: number, isAvailable: (pod: Pod) => boolean): UpdateStep {
  let away = 0;
  const useless: Pod[] = [];
  const candidates: Pod[] = [];
  for (const { fresh, old, isCrowded } of pairs) {
    if (isCrowded || (fresh === undefined) === (old === undefined)) away += 1;
    else if (fresh !== undefined) away += isAvailable(fresh) ? 0 : 1;
    else if (old !== undefined && isAvailable(old)) candidates.push(old);
    else if (old !== undefined) {
      away += 1;
      useless.push(old);
    }
  }
  return { deletions: [...useless, ...candidates.slice(0, Math.max(0, max - away))], creations: [] };
}

function surged(pairs: readonly Pair[], max: number, isAvailable: (pod: Pod) => boolean): UpdateStep {
  let surging = 0;
  const useless: string[] = [];
  const candidates: string[] = [];
  const deletions: Pod[] = [];
  for (const { name, fresh, old, isCrowded } of pairs) {
    if (isCrowded) surging += 1;
    else if (old === undefined) continue;
    else if (fresh === undefined) (isAvailable(old) ? candidates : useless).push(name);
    else if (isAvailable(fresh)) deletions.push(old);
    else surging += 1;
  }
  return { deletions, creations: [...useless, ...candidates.slice(0, Math.max(0, max - surging))] };
}

function pairOn({ pods }: Place, hash: string): Omit<Pair, 'name'> {
  const staying = pods.filter((pod) => !isBeingDeleted(pod));
  const fresh = staying.filter((pod) => isOfRevision(pod, hash));
  const old = staying.filter((pod) => !isOfRevision(pod, hash));
  return { fresh: fresh[0], old: old[0], isCrowded: fresh.length > 1 || old.length > 1 };
}
