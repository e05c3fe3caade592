/** The life of pods as transcripts: every status that a kubelet would write, with the second at which it would. */
import { expect, test } from 'vitest';
import { NodeBench } from './node-bench.ts';

const image = { image: 'app', imagePullPolicy: 'IfNotPresent' as const };
const main = (rest: object = {}) => ({ containers: [{ name: 'main', ...image, ...rest }] });

test('a pod starts with an image that has to be pulled', () => {
  const bench = new NodeBench();
  bench.add('web', {}, { pullLatencyMs: 2_000, startLatencyMs: 500 });
  bench.runFor(5_000);
  expect(bench.transcript).toEqual([
    '0s web Pending main=ContainerCreating#0',
    '2.5s web Running ready main=running#0',
  ]);
  expect(bench.events).toEqual([
    'Pulling: Pulling image "app"',
    'Pulled: Successfully pulled image "app" in 2s (2s including waiting). Image size: 10000000 bytes.',
    'Created: Created container: main',
    'Started: Started container main',
  ]);
});

test('restartPolicy Never: one run, and the exit code decides', () => {
  const bench = new NodeBench();
  bench.add('good', { restartPolicy: 'Never' }, { runMs: 3_000 });
  bench.add('bad', { restartPolicy: 'Never' }, { runMs: 4_000, exitCode: 7 });
  bench.runFor(600_000);
  expect(bench.transcript.findLast((line) => line.includes('good'))).toBe('3s good Succeeded main=exit0#0');
  expect(bench.transcript.findLast((line) => line.includes('bad'))).toBe('4s bad Failed main=exit7#0');
});

test('restartPolicy OnFailure: runs again until it succeeds', () => {
  const bench = new NodeBench();
  bench.add('once', { restartPolicy: 'OnFailure' }, { runMs: 1_000 });
  bench.add('never', { restartPolicy: 'OnFailure' }, { runMs: 1_000, exitCode: 1 });
  bench.runFor(30_000);
  expect(bench.status('once').phase).toBe('Succeeded');
  expect(bench.status('never').phase).toBe('Running');
  expect(bench.container('never').restartCount).toBe(2);
});

test('a crash loop waits 10 s, 20 s, 40 s up to 5 minutes', () => {
  const bench = new NodeBench();
  bench.add('crash', {}, { runMs: 0, exitCode: 1 });
  const startsAt: number[] = [];
  for (let second = 0; second < 1_300; second += 1) {
    const before = bench.container('crash').restartCount;
    bench.runFor(1_000);
    if (bench.container('crash').restartCount > before) startsAt.push(second + 1);
  }
  expect(startsAt).toEqual([1, 10, 30, 70, 150, 310, 610, 910, 1_210]);
});

test('a container that ran long enough begins its back-off anew', () => {
  const bench = new NodeBench();
  bench.add('slow', {}, { runMs: 601_000, exitCode: 1 });
  bench.runFor(601_000);
  expect(bench.container('slow').restartCount).toBe(1);
  bench.runFor(601_000);
  expect(bench.container('slow').restartCount).toBe(2);
  expect(bench.events.filter((event) => event.startsWith('BackOff'))).toEqual([]);
});

test('an init container that fails is tried again, or fails the pod', () => {
  const initContainers = [{ name: 'setup', ...image, command: ['false'] }];
  const bench = new NodeBench();
  bench.add('patient', { initContainers });
  bench.add('strict', { initContainers, restartPolicy: 'Never' });
  bench.runFor(5_000);
  expect(bench.transcript.findLast((line) => line.includes('patient'))).toBe(
    '0s patient Pending setup=CrashLoopBackOff#1 main=PodInitializing#0',
  );
  expect(bench.status('strict')).toMatchObject({
    phase: 'Failed',
    initContainerStatuses: [{ state: { terminated: { exitCode: 1 } } }],
  });
});

test('a sidecar starts before the main container, and ends after it', () => {
  const bench = new NodeBench();
  const initContainers = [{ name: 'proxy', ...image, restartPolicy: 'Always' }];
  bench.add('job', {
    initContainers,
    restartPolicy: 'Never',
    containers: [{ name: 'main', ...image, command: ['sleep', '3'] }],
  });
  bench.runFor(1_000);
  expect(bench.transcript.at(-1)).toBe('0s job Running ready proxy=running#0 main=running#0');
  bench.runFor(5_000);
  expect(bench.transcript.at(-1)).toBe('3s job Succeeded proxy=exit0#0 main=exit0#0');
  expect(bench.events.at(-1)).toBe('Killing: Stopping container proxy');
});

test('a graceful deletion waits for the container, and kills it when its grace is over', () => {
  const bench = new NodeBench();
  bench.add('polite', {}, { stopLatencyMs: 3_000 });
  bench.add('stubborn', {}, { ignoresStop: true });
  bench.runFor(1_000);
  bench.delete('polite', 30);
  bench.delete('stubborn', 10);
  bench.runFor(60_000);
  expect(bench.transcript.filter((line) => line.includes('polite')).slice(-2)).toEqual([
    '4s polite Succeeded main=exit0#0',
    '4s polite deleted',
  ]);
  expect(bench.transcript.filter((line) => line.includes('stubborn')).slice(-2)).toEqual([
    '11s stubborn Failed main=exit137#0',
    '11s stubborn deleted',
  ]);
});

test('a second deletion with less grace shortens the first', () => {
  const bench = new NodeBench();
  bench.add('stubborn', {}, { ignoresStop: true });
  bench.delete('stubborn', 30);
  bench.runFor(5_000);
  bench.delete('stubborn', 1);
  bench.runFor(2_000);
  expect(bench.transcript.at(-1)).toBe('6s stubborn deleted');
});

test('a preStop hook runs before the container is asked to end, within the grace', () => {
  const bench = new NodeBench();
  bench.add('hooked', main({ lifecycle: { preStop: { exec: { command: ['sleep', '4'] } } } }));
  bench.delete('hooked', 30);
  bench.runFor(10_000);
  expect(bench.transcript.at(-1)).toBe('4s hooked deleted');
  bench.add('endless', main({ lifecycle: { preStop: { exec: { command: ['sleep', '100'] } } } }), {
    ignoresStop: true,
  });
  bench.delete('endless', 5);
  bench.runFor(20_000);
  // The hook used up the grace; the container gets two more seconds all the same.
  expect(bench.transcript.at(-1)).toBe('17s endless deleted');
});

test('a postStart hook that fails stops the container', () => {
  const bench = new NodeBench();
  bench.add('hooked', main({ lifecycle: { postStart: { exec: { command: ['false'] } } } }));
  bench.runFor(1_000);
  expect(bench.events).toContainEqual(
    expect.stringContaining('FailedPostStartHook: Exec lifecycle hook (false) failed'),
  );
  expect(bench.container('hooked').restartCount).toBeGreaterThan(0);
});

test('a pod that is deleted before it ran leaves nothing behind', () => {
  const bench = new NodeBench();
  bench.add('lost', {}, { pullError: 'no such image' });
  bench.runFor(1_000);
  bench.delete('lost');
  bench.runFor(1_000);
  expect(bench.transcript.slice(-2)).toEqual(['1s lost Failed main=exit137#0', '1s lost deleted']);
  bench.restartKubelet();
  expect(bench.kubelet.podCount).toBe(0);
});

test('a pod that was removed by force is stopped all the same, and its address is used again', () => {
  const bench = new NodeBench();
  bench.add('forced');
  bench.remove('forced');
  bench.runFor(31_000);
  expect(bench.kubelet.podCount).toBe(0);
  for (let n = 0; n < 253; n += 1) bench.add(`p${n}`);
  expect(bench.status('p252').podIP).toBe('10.244.0.2');
});

test('a failed pull backs off, and its error gives way to the back-off', () => {
  const bench = new NodeBench();
  bench.add('lost', {}, { pullError: 'not found' });
  bench.runFor(35_000);
  expect(bench.transcript).toEqual([
    '0s lost Pending main=ContainerCreating#0',
    '0s lost Pending main=ErrImagePull#0',
    '1s lost Pending main=ImagePullBackOff#0',
    '10s lost Pending main=ErrImagePull#0',
    '11s lost Pending main=ImagePullBackOff#0',
    '30s lost Pending main=ErrImagePull#0',
    '31s lost Pending main=ImagePullBackOff#0',
  ]);
  expect(bench.container('lost').state?.waiting?.message).toBe(
    'Back-off pulling image "app": ErrImagePull: failed to pull and unpack image "app": not found',
  );
});

test('an image that must not be pulled is waited for', () => {
  const bench = new NodeBench();
  bench.add('local', { containers: [{ name: 'main', image: 'app', imagePullPolicy: 'Never' }] });
  expect(bench.container('local').state).toEqual({
    waiting: {
      reason: 'ErrImageNeverPull',
      message: 'Container image "app" is not present with pull policy of Never',
    },
  });
});

test('a container that cannot start has ended with code 128', () => {
  const bench = new NodeBench();
  bench.add('broken', { restartPolicy: 'Never' }, { startError: 'exec: "nope": executable file not found in $PATH' });
  expect(bench.container('broken').state?.terminated).toMatchObject({ exitCode: 128, reason: 'StartError' });
  expect(bench.status('broken').phase).toBe('Failed');
});

test('a readiness probe decides on Ready, with its thresholds', () => {
  const bench = new NodeBench();
  const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 3, successThreshold: 2 };
  bench.add('web', main({ readinessProbe }), { readyDelayMs: 2_500, unreadyAfterMs: 6_500 });
  bench.runFor(20_000);
  expect(bench.transcript).toEqual([
    '0s web Pending main=ContainerCreating#0',
    '0s web Running main=running#0',
    '4s web Running ready main=running#0',
    '9s web Running main=running#0',
  ]);
});

test('a startup probe holds the others back, and kills when it gives up', () => {
  const bench = new NodeBench();
  const probes = {
    startupProbe: { tcpSocket: { port: 80 }, periodSeconds: 2, failureThreshold: 3 },
    livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 1 },
  };
  bench.add('slow', main(probes), { readyDelayMs: 3_000 });
  bench.add('dead', main(probes), { readyDelayMs: 1_000_000 });
  bench.runFor(4_500);
  expect(bench.container('slow')).toMatchObject({ started: true, ready: true, restartCount: 0 });
  expect(bench.container('dead').restartCount).toBe(1);
  expect(bench.events).toContain('Killing: Container main failed startup probe, will be restarted');
});

test('an exec probe goes by the exit code', () => {
  const bench = new NodeBench();
  const probe = (command: string[]) => main({ readinessProbe: { exec: { command }, periodSeconds: 1 } });
  bench.add('good', probe(['true']));
  bench.add('bad', probe(['sh', '-c', 'echo broken; exit 3']));
  bench.runFor(4_000);
  expect(bench.container('good').ready).toBe(true);
  expect(bench.container('bad').ready).toBe(false);
  expect(bench.events).toContain('Unhealthy: Readiness probe failed: broken');
});

test('a new image restarts the container', () => {
  const bench = new NodeBench();
  bench.add('web');
  bench.runFor(1_000);
  const pod = bench.pod('web');
  bench.set({ ...pod, spec: { ...pod.spec, ...main({ image: 'app:2' }) } });
  bench.runFor(1_000);
  expect(bench.container('web')).toMatchObject({ image: 'app:2', restartCount: 1, state: { running: {} } });
  expect(bench.events).toContain('Killing: Container main definition changed, will be restarted');
});

test('a restarted kubelet changes nothing about what runs', () => {
  const bench = new NodeBench();
  const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 10 };
  bench.add('web', main({ readinessProbe }));
  bench.add('crash', {}, { runMs: 1_000, exitCode: 1 });
  bench.add('done', { restartPolicy: 'Never' }, { runMs: 1_000 });
  bench.runFor(5_000);
  const before = ['web', 'done'].map((name) => bench.status(name));
  const written = bench.transcript.length;
  bench.restartKubelet();
  expect(['web', 'done'].map((name) => bench.status(name))).toEqual(before);
  expect(bench.transcript.slice(written).filter((line) => !line.includes('crash'))).toEqual([]);
  expect(bench.container('crash').restartCount).toBe(2);
});

test('a pod with the network of its host has its address', () => {
  const bench = new NodeBench();
  bench.add('host', { hostNetwork: true });
  expect(bench.status('host')).toMatchObject({ podIP: '192.168.0.10', hostIP: '192.168.0.10' });
});

test('readiness gates hold Ready back', () => {
  const bench = new NodeBench();
  bench.add('gated', { readinessGates: [{ conditionType: 'example.com/in' }] });
  const ready = () => bench.status('gated').conditions?.find(({ type }) => type === 'Ready');
  expect(ready()).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' });
  const pod = bench.pod('gated');
  const conditions = [...(pod.status?.conditions ?? []), { type: 'example.com/in', status: 'True' as const }];
  bench.set({ ...pod, status: { ...pod.status, conditions } });
  expect(ready()).toMatchObject({ status: 'True' });
});

test('a pod waits until its RuntimeClass is known, is told when there is none, and gets the handler of the one that comes', () => {
  const bench = new NodeBench();
  bench.add('one', { runtimeClassName: 'fast' });
  expect([bench.status('one').phase, bench.events]).toEqual(['Pending', []]);
  expect(bench.kubelet.wantsHandlers).toBe(true);
  bench.classes({ other: 'simulated' });
  const told = 'FailedCreatePodSandBox: Failed to create pod sandbox: runtimeclass.node.k8s.io "fast" not found';
  expect(bench.events).toEqual([told]);
  expect(bench.status('one').phase).toBe('Pending');
  bench.classes({ other: 'simulated', fast: 'simulated' });
  bench.runFor(20_000);
  expect(bench.status('one').phase).toBe('Running');
  expect(
    bench.runtime.handle(0, { type: 'list', request: null }, 0 as never, 0 as never).answers[0]?.body,
  ).toMatchObject({
    sandboxes: [{ config: { name: 'one', runtimeHandler: 'simulated' } }],
  });
});
