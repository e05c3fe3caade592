/**
 * TaintToleration: a pod stays away from taints it does not tolerate, and prefers nodes with fewer soft ones.
 * Models plugins/tainttoleration/taint_toleration.go.
 */

import { tolerates, untoleratedTaint } from '../../../kinds/pod/toleration.ts';
import { type FilterPlugin, judging, normalizeByHighest, type ScorePlugin } from '../../plugin.ts';
import { success, unresolvable } from '../../verdict.ts';

const hardEffects = ['NoSchedule', 'NoExecute'] as const;

export const taintToleration: FilterPlugin & ScorePlugin = {
  name: 'TaintToleration',
  events: ['nodeAdded', 'nodeTaintsChanged'],
  mayHelp: ({ pod }, event) =>
    (event.type !== 'nodeAdded' && event.type !== 'nodeTaintsChanged') ||
    untoleratedTaint(event.node.taints, pod.spec.tolerations ?? [], hardEffects) === undefined,
  prepare({ pod }) {
    const tolerations = pod.spec.tolerations ?? [];
    return judging(({ taints }) => {
      if (taints.length === 0) return success;
      const taint = untoleratedTaint(taints, tolerations, hardEffects);
      if (taint === undefined) return success;
      return unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
    });
  },
  scorer({ pod }, nodes) {
    if (!nodes.some(({ taints }) => taints.some(({ effect }) => effect === 'PreferNoSchedule'))) return null;
    const tolerations = (pod.spec.tolerations ?? []).filter(
      ({ effect }) => effect === undefined || (effect as string) === '' || effect === 'PreferNoSchedule',
    );
    return {
      score: ({ taints }) =>
        taints.filter(
          (taint) =>
            taint.effect === 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)),
        ).length,
      normalize: (scores) => normalizeByHighest(scores, true),
    };
  },
};
