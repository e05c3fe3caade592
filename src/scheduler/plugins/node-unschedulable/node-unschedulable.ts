/**
 * NodeUnschedulable: a cordoned node takes only pods that tolerate the taint of that name.
 * Models plugins/nodeunschedulable/node_unschedulable.go.
 */
import type { Taint } from '../../../kinds/pod/scheduling-types.ts';
import { tolerates } from '../../../kinds/pod/toleration.ts';
import { type FilterPlugin, judging, skip } from '../../plugin.ts';
import { success, unresolvable } from '../../verdict.ts';

const cordoned = unresolvable('node(s) were unschedulable');
const cordonTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const nodeUnschedulable: FilterPlugin = {
  name: 'NodeUnschedulable',
  events: ['nodeAdded', 'nodeTaintsChanged'],
  mayHelp: (_pod, event) =>
    (event.type !== 'nodeAdded' && event.type !== 'nodeTaintsChanged') || event.node.node.spec?.unschedulable !== true,
  prepare({ pod }) {
    if ((pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, cordonTaint))) return skip;
    return judging(({ node }) => (node.spec?.unschedulable === true ? cordoned : success));
  },
};
