/**
 * NodeAffinity: nodeSelector and required node affinity decide, preferred affinity scores. A profile may add affinity of its own.
 * Models plugins/nodeaffinity/node_affinity.go.
 */
import {
  compileNodeTerm,
  matchesNodeTerm,
  pinnedNodes,
  requiredNodes,
  selectedNodes,
} from '../../../kinds/pod/node-selector.ts';
import type { NodeAffinity } from '../../../kinds/pod/scheduling-types.ts';
import type { NodeInfo } from '../../node-info.ts';
import { type FilterPlugin, normalizeByHighest, type ScorePlugin, skip } from '../../plugin.ts';
import { success, unresolvable, type Verdict } from '../../verdict.ts';

const noMatch = unresolvable("node(s) didn't match Pod's node affinity/selector");
const conflict = unresolvable('pod affinity terms conflict');

const noAddedMatch = unresolvable("node(s) didn't match scheduler-enforced node affinity");

export interface NodeAffinityArgs {
  /** Holds for every pod of the profile, in addition to its own. */
  readonly addedAffinity?: NodeAffinity;
}

type Wants = (node: NodeInfo) => boolean;
interface Preference {
  readonly weight: number;
  readonly term: (name: string, labels: Readonly<Record<string, string>>) => boolean;
}

const noPreferences: readonly Preference[] = [];

export function nodeAffinityWith({ addedAffinity }: NodeAffinityArgs): FilterPlugin & ScorePlugin {
  const isAllowed = selectedNodes(addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
  const added = preferencesOf(addedAffinity);
  return {
    name: 'NodeAffinity',
    events: ['nodeAdded', 'nodeLabelsChanged'],
    mayHelp({ pod }, event) {
      if (event.type !== 'nodeAdded' && event.type !== 'nodeLabelsChanged') return true;
      return (isAllowed?.(event.node) ?? true) && (requiredNodes(pod)?.(event.node) ?? true);
    },
    prepare({ pod }) {
      const isWanted = requiredNodes(pod);
      if (isWanted === null && isAllowed === null) return skip;
      const names = pinnedNodes(pod);
      if (names !== null && names.size === 0) return { type: 'rejected', rejection: conflict };
      return { type: 'nodes', names, judge: (node) => judge(node, isAllowed, isWanted) };
    },
    scorer({ pod }) {
      const preferences = [...added, ...preferencesOf(pod.spec.affinity?.nodeAffinity)];
      if (preferences.length === 0) return null;
      return {
        score: ({ name, labels }) =>
          preferences.reduce((sum, { weight, term }) => (term(name, labels) ? sum + weight : sum), 0),
        normalize: (scores) => normalizeByHighest(scores),
      };
    },
  };
}

export const nodeAffinity = nodeAffinityWith({});

function judge(node: NodeInfo, isAllowed: Wants | null, isWanted: Wants | null): Verdict {
  if (isAllowed !== null && !isAllowed(node)) return noAddedMatch;
  return isWanted === null || isWanted(node) ? success : noMatch;
}

function preferencesOf(affinity: NodeAffinity | undefined): readonly Preference[] {
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution;
  if (preferred === undefined) return noPreferences;
  return preferred.map(({ weight, preference }) => ({ weight, term: compilePreference(preference) }));
}

/** An empty preference matches every node, unlike an empty required term. */
function compilePreference(
  preference: Parameters<typeof compileNodeTerm>[0],
): (name: string, labels: Readonly<Record<string, string>>) => boolean {
  const term = compileNodeTerm(preference);
  return term === null ? () => true : (name, labels) => matchesNodeTerm(term, name, labels);
}
