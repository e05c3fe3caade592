/** A critical pod on a full node: who goes for it, what is told of them, and when it begins. */
import { expect, test } from 'vitest';
import type { PodSpec } from '../../../src/kinds/pod/types.ts';
import { NodeBench } from './node-bench.ts';

const critical = 2_000_000_000;

function asking(cpu: string, more: Partial<PodSpec> = {}, limits: Record<string, string> = {}): Partial<PodSpec> {
  const resources = { requests: { cpu }, ...(Object.keys(limits).length > 0 && { limits }) };
  return {
    containers: [{ name: 'main', image: 'app', imagePullPolicy: 'IfNotPresent', resources }],
    priority: 0,
    ...more,
  };
}

test('the pod that makes just enough room goes, with its grace, and the critical one begins when it has ended', () => {
  const bench = new NodeBench();
  bench.add('small', asking('500m'));
  bench.add('big', asking('3'), { stopLatencyMs: 5_000 });
  bench.add('vital', asking('2', { priority: critical }));
  bench.runFor(1_000);
  expect(bench.status('vital').phase).toBe('Pending');
  expect(bench.events).toContain('Preempting: Preempted in order to admit critical pod');
  bench.runFor(10_000);
  expect(bench.status('small').phase).toBe('Running');
  expect(bench.status('vital').phase).toBe('Running');
  expect(bench.status('big')).toMatchObject({
    phase: 'Failed',
    reason: 'Preempting',
    message: 'Preempted in order to admit critical pod',
    conditions: expect.arrayContaining([
      expect.objectContaining({
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'TerminationByKubelet',
        message: 'Pod was preempted by Kubelet to accommodate a critical pod.',
      }),
    ]),
  });
  expect(bench.transcript.find((line) => /big .*Failed|vital .*Running/.test(line))).toContain('big');
});

test('the number of pods is room like any other: one that asked for nothing goes', () => {
  const bench = new NodeBench({ node: { allocatable: { cpu: '4', memory: '8Gi', pods: '2' } } });
  bench.add('asks', asking('1'));
  bench.add('idle');
  bench.add('vital', { priority: critical });
  bench.runFor(1_000);
  expect([bench.status('asks').phase, bench.status('idle').phase]).toEqual(['Running', 'Failed']);
  expect(bench.status('vital').phase).toBe('Running');
});

test('what is no want of room is no reason to preempt', () => {
  const bench = new NodeBench();
  bench.add('big', asking('4'));
  bench.add('vital', asking('1', { priority: critical, nodeSelector: { disk: 'fast' } }));
  expect(bench.status('vital')).toMatchObject({ phase: 'Failed', reason: 'NodeAffinity' });
  expect(bench.status('big').phase).toBe('Running');
});

test('a critical pod that is too big even so is refused, and nobody goes for it', () => {
  const bench = new NodeBench();
  bench.add('peer', asking('2', { priority: critical }));
  bench.add('small', asking('1'));
  bench.add('vital', asking('3500m', { priority: critical }));
  expect(bench.status('vital')).toMatchObject({
    phase: 'Failed',
    reason: 'UnexpectedAdmissionError',
    message: expect.stringContaining('no set of running pods found to reclaim resources: [(res: cpu, q: 1500), ]'),
  });
  expect([bench.status('peer').phase, bench.status('small').phase]).toEqual(['Running', 'Running']);
});

test('room that a critical pod waits for is promised to nobody else', () => {
  const bench = new NodeBench();
  bench.add('big', asking('4'), { stopLatencyMs: 5_000 });
  bench.add('vital', asking('3', { priority: critical }));
  bench.add('late', asking('2'));
  expect(bench.status('late')).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu' });
  bench.add('second', asking('2', { priority: critical }));
  expect(bench.status('second')).toMatchObject({ phase: 'Failed', reason: 'UnexpectedAdmissionError' });
  bench.runFor(10_000);
  expect(bench.status('vital').phase).toBe('Running');
  expect(bench.events.filter((event) => event.startsWith('Preempting'))).toHaveLength(1);
});

test('a critical pod that is deleted while it waits goes at once', () => {
  const bench = new NodeBench();
  bench.add('big', asking('4'), { ignoresStop: true });
  bench.add('vital', asking('3', { priority: critical }));
  bench.runFor(1_000);
  bench.delete('vital');
  expect(bench.has('vital')).toBe(false);
});

test('a kubelet that starts anew preempts for whoever it has not taken yet', () => {
  const bench = new NodeBench();
  bench.add('big', asking('4'), { stopLatencyMs: 5_000 });
  bench.add('vital', asking('3', { priority: critical }));
  bench.runFor(1_000);
  bench.restartKubelet();
  bench.runFor(20_000);
  expect([bench.status('big').reason, bench.status('vital').phase]).toEqual(['Preempting', 'Running']);
});
