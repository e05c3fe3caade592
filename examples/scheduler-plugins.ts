/**
 * Scheduler plugins of one's own. Compile this file to JavaScript (`tsc`, or `esbuild examples/scheduler-plugins.ts --outfile=plugins.mjs`), then:
 *
 *     await Cluster.start({
 *       nodes: 3,
 *       scheduler: {
 *         modules: [new URL('./plugins.mjs', import.meta.url)],
 *         profiles: [
 *           {}, // The default scheduler, as it is.
 *           {
 *             schedulerName: 'thrifty',
 *             plugins: { multiPoint: { enabled: [{ name: 'TeamNodes' }, { name: 'Cheapest', weight: 100 }] } },
 *             pluginConfig: [{ name: 'TeamNodes', args: { label: 'team' } }],
 *           },
 *         ],
 *       },
 *     });
 *
 * A pod with `schedulerName: thrifty` is placed by the second profile. The module runs on the scheduler's thread: it must not wait, nor ask for time or
 * chance, if runs of a simulated cluster are to be repeatable. What it throws ends up in the pod's FailedScheduling event and in the log.
 */
import type { SchedulerPlugins, Verdict } from 'threemaster';

const fits: Verdict = { type: 'success' };

export const plugins: SchedulerPlugins = {
  /** Pods with a team run on that team's nodes only. */
  TeamNodes({ label = 'team' }) {
    if (typeof label !== 'string') throw new Error('label must be a string');
    const foreign: Verdict = {
      type: 'unschedulableAndUnresolvable',
      reasons: [`node(s) belonged to another ${label}`],
    };
    return {
      name: 'TeamNodes',
      // Only these can make room for a pod that this plugin rejected.
      events: ['nodeAdded', 'nodeLabelsChanged'],
      prepare({ labels }) {
        const team = labels[label];
        if (team === undefined) return { type: 'skip' };
        return { type: 'nodes', names: null, judge: (node) => (node.labels[label] === team ? fits : foreign) };
      },
    };
  },

  /** The lower a node's price, the better; one without a price is free. */
  Cheapest() {
    const priceOf = (labels: Readonly<Record<string, string>>): number =>
      Number(labels['example.com/price'] ?? '0') || 0;
    return {
      name: 'Cheapest',
      scorer(_pod, nodes) {
        const highest = Math.max(...nodes.map(({ labels }) => priceOf(labels)));
        if (highest <= 0) return null;
        return { score: ({ labels }) => Math.round(100 * (1 - priceOf(labels) / highest)) };
      },
    };
  },
};
