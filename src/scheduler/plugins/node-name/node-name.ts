/** NodeName: a pod that names its node runs there. Models plugins/nodename/node_name.go. */
import { type FilterPlugin, judging, skip } from '../../plugin.ts';
import { success, unresolvable } from '../../verdict.ts';

const otherNode = unresolvable("node(s) didn't match the requested node name");

export const nodeName: FilterPlugin = {
  name: 'NodeName',
  events: ['nodeAdded'],
  prepare({ pod }) {
    const wanted = pod.spec.nodeName ?? '';
    return wanted === '' ? skip : judging(({ name }) => (name === wanted ? success : otherNode));
  },
};
