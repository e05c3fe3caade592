/**
 * NodeAffinity: nodeSelector and required node affinity decide, preferred affinity scores.
 * Models plugins/nodeaffinity/node_affinity.go.
 */
import { compileNodeTerm, matchesNodeTerm, pinnedNodes, requiredNodes } from '../../../kinds/pod/node-selector.ts';
import { type FilterPlugin, normalizeByHighest, type ScorePlugin, skip } from '../../plugin.ts';
import { success, unresolvable } from '../../verdict.ts';

const noMatch = unresolvable("node(s) didn't match Pod's node affinity/selector");
const conflict = unresolvable('pod affinity terms conflict');

export const nodeAffinity: FilterPlugin & ScorePlugin = {
  name: 'NodeAffinity',
  events: ['nodeAdded', 'nodeLabelsChanged'],
  mayHelp({ pod }, event) {
    if (event.type !== 'nodeAdded' && event.type !== 'nodeLabelsChanged') return true;
    return requiredNodes(pod)?.(event.node) ?? true;
  },
  prepare({ pod }) {
    const isWanted = requiredNodes(pod);
    if (isWanted === null) return skip;
    const names = pinnedNodes(pod);
    if (names !== null && names.size === 0) return { type: 'rejected', rejection: conflict };
    return { type: 'nodes', names, judge: (node) => (isWanted(node) ? success : noMatch) };
  },
  scorer({ pod }) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return null;
    const terms = preferred.map(({ weight, preference }) => ({ weight, term: compilePreference(preference) }));
    return {
      score: ({ name, labels }) =>
        terms.reduce((sum, { weight, term }) => (term(name, labels) ? sum + weight : sum), 0),
      normalize: (scores) => normalizeByHighest(scores),
    };
  },
};

/** An empty preference matches every node, unlike an empty required term. */
function compilePreference(
  preference: Parameters<typeof compileNodeTerm>[0],
): (name: string, labels: Readonly<Record<string, string>>) => boolean {
  const term = compileNodeTerm(preference);
  return term === null ? () => true : (name, labels) => matchesNodeTerm(term, name, labels);
}
