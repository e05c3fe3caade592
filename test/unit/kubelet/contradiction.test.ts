/** What others write into the status of a pod, such as the node controller that took its node for dead, is said again as it is. */
import { expect, test } from 'vitest';
import { findCondition } from '../../../src/kinds/condition.ts';
import { NodeBench } from './node-bench.ts';

function markUnready(bench: NodeBench, resourceVersion: string): void {
  const pod = bench.pod('web');
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready' ? { ...condition, status: 'False' as const } : condition,
  );
  bench.set({ ...pod, metadata: { ...pod.metadata, resourceVersion }, status: { ...pod.status, conditions } });
}

test('a kubelet that has taken over a pod and had nothing to write says again that it is ready', () => {
  const bench = new NodeBench();
  bench.add('web');
  const { metadata, ...pod } = bench.pod('web');
  bench.set({ ...pod, metadata: { ...metadata, resourceVersion: '7' } });
  bench.restartKubelet();
  markUnready(bench, '9');
  expect(findCondition(bench.status('web').conditions, 'Ready')?.status).toBe('True');
});
