/** NodePorts: two pods cannot hold one host port of a node. Models plugins/nodeports/node_ports.go. */
import { type FilterPlugin, judging, skip } from '../../plugin.ts';
import { success, unschedulable } from '../../verdict.ts';

const portTaken = unschedulable("node(s) didn't have free ports for the requested pod ports");

export const nodePorts: FilterPlugin = {
  name: 'NodePorts',
  events: ['podGone', 'nodeAdded'],
  mayHelp: ({ hostPorts }, event) =>
    event.type !== 'podGone' ||
    event.pod.hostPorts.some((freed) =>
      hostPorts.some(({ port, protocol }) => port === freed.port && protocol === freed.protocol),
    ),
  prepare({ hostPorts }) {
    if (hostPorts.length === 0) return skip;
    return judging((node) => (hostPorts.some((port) => node.hasPort(port)) ? portTaken : success));
  },
};
