/**
 * Node selectors: nodeSelector and node affinity of a pod, compiled to one question per node.
 * Models kubernetes component-helpers/scheduling/corev1/nodeaffinity.
 */
import { type LabelOperator, type LabelSelector, labelSelector, matchesLabels } from '../../api/label-selector.ts';
import type { StringMap } from '../../api/object-meta.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm } from './scheduling-types.ts';
import type { Pod } from './types.ts';

const operators: Readonly<Record<NodeSelectorRequirement['operator'], LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

/** What node selectors can ask of a node. */
export interface SelectableNode {
  readonly name: string;
  readonly labels: StringMap;
}

interface CompiledTerm {
  readonly labels: LabelSelector;
  readonly fields: LabelSelector;
}

/** Compiles one term; null for one without requirements, which matches no node. */
export function compileNodeTerm(term: NodeSelectorTerm): CompiledTerm | null {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return null;
  return { labels: compile(matchExpressions), fields: compile(matchFields) };
}

export function matchesNodeTerm(term: CompiledTerm | null, name: string, labels: StringMap): boolean {
  if (term === null) return false;
  return matchesLabels(term.labels, labels) && matchesLabels(term.fields, { 'metadata.name': name });
}

/** Returns whether a node is one that the pod asks for, or null when the pod asks for none in particular. */
export function requiredNodes(pod: Pick<Pod, 'spec'>): ((node: SelectableNode) => boolean) | null {
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (wanted.length === 0 && required === undefined) return null;
  const terms = required?.nodeSelectorTerms.map(compileNodeTerm);
  return ({ name, labels }) =>
    wanted.every(([key, value]) => labels[key] === value) &&
    (terms === undefined || terms.some((term) => matchesNodeTerm(term, name, labels)));
}

/**
 * Returns the names that the pod's required terms pin it to, when every term pins: pods of a DaemonSet name their node this way.
 * Null when the pod is not pinned.
 */
export function pinnedNodes(pod: Pick<Pod, 'spec'>): ReadonlySet<string> | null {
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined || terms.length === 0) return null;
  const names = new Set<string>();
  for (const { matchFields } of terms) {
    const pins = (matchFields ?? []).filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (pins.length === 0) return null;
    const [first, ...others] = pins.map(({ values }) => values ?? []);
    for (const name of first ?? []) if (others.every((values) => values.includes(name))) names.add(name);
  }
  return names;
}

function compile(requirements: readonly NodeSelectorRequirement[]): LabelSelector {
  return labelSelector(
    requirements.map(({ key, operator, values }) => ({ key, operator: operators[operator], values: values ?? [] })),
  );
}
