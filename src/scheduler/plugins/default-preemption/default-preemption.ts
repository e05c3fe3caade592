/**
 * DefaultPreemption: makes room for a pod that fits nowhere by displacing less important ones.
 * Models plugins/defaultpreemption/default_preemption.go and pkg/scheduler/framework/preemption.
 */
import { availabilityMessage } from '../../diagnosis.ts';
import type { NodeInfo } from '../../node-info.ts';
import type { DeadEnd, Nomination, PostFilterPlugin } from '../../plugin.ts';
import { type Rejection, unresolvable } from '../../verdict.ts';
import { leastHarmful } from './ranking.ts';
import { type Candidate, victimsOn } from './victims.ts';

export interface DefaultPreemptionArgs {
  /** How many nodes are tried at least, as a share of all and as a number. */
  readonly minCandidateNodesPercentage?: number;
  readonly minCandidateNodesAbsolute?: number;
}

const notHelpful = unresolvable('Preemption is not helpful for scheduling');

export function defaultPreemptionWith(args: DefaultPreemptionArgs): PostFilterPlugin {
  const { minCandidateNodesPercentage: share = 10, minCandidateNodesAbsolute: least = 100 } = args;
  const wantedOf = (nodes: number): number => Math.min(nodes, Math.max(Math.floor((nodes * share) / 100), least));
  return { name: 'DefaultPreemption', nominate: (deadEnd) => nominate(deadEnd, wantedOf) };
}

export const defaultPreemption = defaultPreemptionWith({});

function nominate(deadEnd: DeadEnd, wantedOf: (nodes: number) => number): Nomination {
  const { snapshot, rejections } = deadEnd;
  const hindrance = hindranceOf(deadEnd);
  if (hindrance !== null) return { type: 'pending', message: `preemption: ${hindrance}` };
  const hopeful = snapshot.nodes().filter(({ name }) => rejections.get(name)?.type === 'unschedulable');
  const tried = tryNodes(hopeful, wantedOf(hopeful.length), deadEnd);
  const best = leastHarmful(tried.candidates);
  if (best !== undefined) return { type: 'nominated', nodeName: best.nodeName, victims: best.victims };
  const reasons = snapshot.nodes().map(({ name }) => tried.rejections.get(name) ?? notHelpful);
  return { type: 'helpless', message: `preemption: ${availabilityMessage(snapshot.nodeCount, reasons)}` };
}

/** Says why the pod may displace nobody now; null when it may. */
function hindranceOf({ pod, snapshot, rejections }: DeadEnd): string | null {
  if (pod.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = snapshot.nominations.nodeNameOf(pod.uid);
  if (nominated === undefined || rejections.get(nominated)?.type === 'unschedulableAndUnresolvable') return null;
  const isBeingFreed = [...(snapshot.node(nominated)?.pods.values() ?? [])].some(
    ({ isTerminating, priority }) => isTerminating && priority < pod.priority,
  );
  return isBeingFreed ? 'not eligible due to a terminating pod on the nominated node.' : null;
}

/** Looks for victims on nodes from a random one on, until enough candidates are found of which one violates no budget. */
function tryNodes(
  nodes: readonly NodeInfo[],
  wanted: number,
  deadEnd: DeadEnd,
): { readonly candidates: readonly Candidate[]; readonly rejections: ReadonlyMap<string, Rejection> } {
  const candidates: Candidate[] = [];
  const rejections = new Map<string, Rejection>();
  const start = nodes.length === 0 ? 0 : deadEnd.random.integer(0, nodes.length - 1);
  let isHarmless = false;
  for (let offset = 0; offset < nodes.length && (candidates.length < wanted || !isHarmless); offset += 1) {
    const node = nodes[(start + offset) % nodes.length] as NodeInfo;
    const found = victimsOn(node, deadEnd);
    if ('type' in found) {
      rejections.set(node.name, found);
      continue;
    }
    candidates.push(found);
    isHarmless ||= found.violations === 0;
  }
  return { candidates, rejections };
}
