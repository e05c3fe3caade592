/**
 * Spread constraints of a pod, compiled; the cluster's defaults for pods that state none but belong to a service or a controller.
 * Models plugins/podtopologyspread/common.go and plugin.go.
 */
import { compileLabelSelector, type LabelSelector, matchesLabels } from '../../../api/label-selector.ts';
import type { StringMap } from '../../../api/object-meta.ts';
import { requiredNodes } from '../../../kinds/pod/node-selector.ts';
import type { TopologySpreadConstraint } from '../../../kinds/pod/scheduling-types.ts';
import { untoleratedTaint } from '../../../kinds/pod/toleration.ts';
import type { NodeInfo } from '../../node-info.ts';
import type { PodInfo } from '../../pod-info.ts';
import { withLabelKeys } from '../../pod-term.ts';
import type { Snapshot } from '../../snapshot.ts';

export const hostnameLabel = 'kubernetes.io/hostname';
const zoneLabel = 'topology.kubernetes.io/zone';
const hardEffects = ['NoSchedule', 'NoExecute'] as const;

export interface Constraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly selector: LabelSelector;
  readonly minDomains: number;
  /** Tells whether pods on this node count: by default those on nodes that the pod asks for, tainted or not. */
  readonly counts: (node: NodeInfo) => boolean;
}

/** The constraints of one severity; for soft ones, those of the cluster when the pod states none at all. */
export function constraintsOf(
  pod: PodInfo,
  whenUnsatisfiable: TopologySpreadConstraint['whenUnsatisfiable'],
  snapshot: Snapshot,
): readonly Constraint[] {
  const stated = pod.pod.spec.topologySpreadConstraints ?? [];
  if (stated.length > 0) {
    return stated
      .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
      .map((constraint) => compile(constraint, pod));
  }
  if (whenUnsatisfiable === 'DoNotSchedule') return [];
  const selector = snapshot.surroundings.ownerSelector(pod);
  if (selector === null) return [];
  const counts = inclusion(pod, true, false);
  return [
    { maxSkew: 3, topologyKey: hostnameLabel, selector, minDomains: 1, counts },
    { maxSkew: 5, topologyKey: zoneLabel, selector, minDomains: 1, counts },
  ];
}

/** Tells whether a node has all the labels that the constraints spread over. */
export function hasTopology(labels: StringMap, constraints: readonly Constraint[]): boolean {
  return constraints.every(({ topologyKey }) => Object.hasOwn(labels, topologyKey));
}

export function matchesItself(pod: PodInfo, { selector }: Constraint): boolean {
  return matchesLabels(selector, pod.labels);
}

function compile(constraint: TopologySpreadConstraint, pod: PodInfo): Constraint {
  const { maxSkew, topologyKey, labelSelector, minDomains = 1, matchLabelKeys } = constraint;
  const selector = withLabelKeys(compileLabelSelector(labelSelector), matchLabelKeys, pod.labels, 'in');
  const honorsAffinity = constraint.nodeAffinityPolicy !== 'Ignore';
  const honorsTaints = constraint.nodeTaintsPolicy === 'Honor';
  return { maxSkew, topologyKey, selector, minDomains, counts: inclusion(pod, honorsAffinity, honorsTaints) };
}

function inclusion(pod: PodInfo, honorsAffinity: boolean, honorsTaints: boolean): (node: NodeInfo) => boolean {
  const isWanted = honorsAffinity ? requiredNodes(pod.pod) : null;
  const tolerations = pod.pod.spec.tolerations ?? [];
  return (node) =>
    (isWanted === null || isWanted(node)) &&
    (!honorsTaints || untoleratedTaint(node.taints, tolerations, hardEffects) === undefined);
}
