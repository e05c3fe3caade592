/** Asks one plugin about all nodes of a snapshot, for tables of tests. */
import type { FilterPlugin, ScorePlugin } from '../../../src/scheduler/plugin.ts';
import type { PodInfo } from '../../../src/scheduler/pod-info.ts';
import type { Snapshot } from '../../../src/scheduler/snapshot.ts';

/** `ok`, or the reasons, per node. */
export function judgements(plugin: FilterPlugin, pod: PodInfo, snapshot: Snapshot): Record<string, string> {
  const prepared = plugin.prepare(pod, snapshot);
  const verdicts = snapshot.nodes().map(({ name }) => {
    const found = snapshot.node(name);
    if (prepared.type === 'skip' || found === undefined) return [name, 'ok'] as const;
    if (prepared.type === 'rejected') return [name, prepared.rejection.reasons.join(', ')] as const;
    const verdict = prepared.judge?.(found) ?? { type: 'success' as const };
    return [name, verdict.type === 'success' ? 'ok' : verdict.reasons.join(', ')] as const;
  });
  return Object.fromEntries(verdicts);
}

/** The normalised score per node; null when the plugin does not tell them apart. */
export function scores(plugin: ScorePlugin, pod: PodInfo, snapshot: Snapshot): Record<string, number> | null {
  const nodes = snapshot.nodes();
  const scorer = plugin.scorer(pod, nodes, snapshot);
  if (scorer === null) return null;
  const values = nodes.map((each) => scorer.score(each));
  scorer.normalize?.(values, nodes);
  return Object.fromEntries(nodes.map(({ name }, index) => [name, values[index] ?? Number.NaN]));
}
