/**
 * Which nodes a daemon set runs on. A pod that is there already may stay under a taint that would keep a new one away, unless the taint evicts.
 * Models kubernetes pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod and util/daemonset_util.go.
 */
import { labelsOf, nameOf } from '../../api/object-meta.ts';
import type { DaemonSet } from '../../kinds/daemonset/types.ts';
import type { Node } from '../../kinds/node/types.ts';
import { requiredNodes } from '../../kinds/pod/node-selector.ts';
import type { Toleration } from '../../kinds/pod/scheduling-types.ts';
import { untoleratedTaint } from '../../kinds/pod/toleration.ts';
import type { PodSpec, PodTemplateSpec } from '../../kinds/pod/types.ts';

export interface Eligibility {
  /** A pod ought to be there. */
  readonly shouldRun: boolean;
  /** A pod that is there may stay. */
  readonly mayStay: boolean;
}

const away: Eligibility = { shouldRun: false, mayStay: false };

/** Returns the function that judges nodes for one daemon set. */
export function nodeJudge({ spec }: DaemonSet): (node: Node) => Eligibility {
  const { template } = spec;
  const tolerations = daemonTolerations(template.spec);
  const isWanted = requiredNodes(template);
  const pinned = template.spec.nodeName ?? '';
  return (node) => {
    const name = nameOf(node);
    if (pinned !== '' && pinned !== name) return away;
    if (isWanted !== null && !isWanted({ name, labels: labelsOf(node) })) return away;
    const taints = node.spec?.taints ?? [];
    if (untoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute']) === undefined) {
      return { shouldRun: true, mayStay: true };
    }
    return { shouldRun: false, mayStay: untoleratedTaint(taints, tolerations, ['NoExecute']) === undefined };
  };
}

const troubles = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
] as const;
const networkTrouble = ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const;

/** A daemon outlasts a node's troubles; one of the host's network does not wait for the pods' either. */
export function daemonTolerations({ tolerations = [], hostNetwork }: PodSpec): readonly Toleration[] {
  const added = (hostNetwork === true ? [...troubles, networkTrouble] : troubles).map(
    ([key, effect]): Toleration => ({ key, operator: 'Exists', effect }),
  );
  const kept = tolerations.filter((own) => !added.some((each) => isSameToleration(own, each)));
  return [...kept, ...added];
}

function isSameToleration(left: Toleration, right: Toleration): boolean {
  return left.key === right.key && left.operator === right.operator && left.effect === right.effect;
}

/** Pins the template to one node by its name, in the place of whatever nodes it asked for. */
export function templateForNode(template: PodTemplateSpec, nodeName: string): PodTemplateSpec {
  const { spec } = template;
  const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [nodeName] }] }];
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  };
  return {
    ...template,
    spec: { ...spec, affinity: { ...spec.affinity, nodeAffinity }, tolerations: daemonTolerations(spec) },
  };
}
