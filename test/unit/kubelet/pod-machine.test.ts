/** The life of pods as transcripts: every status that a kubelet would write, with the second at which it would. */
import { expect, test } from 'vitest';
import { steady } from '../../../src/kubelet/usage-curve.ts';
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
  const bench = new NodeBench({ node: { allocatable: { pods: '300' } } });
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

test('a container that is replaced during its postStart hook has its preStop hook and its grace all the same', () => {
  const bench = new NodeBench();
  const hook = (seconds: string) => ({ exec: { command: ['sleep', seconds] } });
  const lifecycle = { postStart: hook('20'), preStop: hook('4') };
  bench.add('web', main({ lifecycle }), { stopLatencyMs: 3_000 });
  bench.runFor(1_000);
  const pod = bench.pod('web');
  bench.set({ ...pod, spec: { ...pod.spec, ...main({ lifecycle, image: 'app:2' }) } });
  bench.runFor(6_000);
  expect(bench.container('web')).toMatchObject({ restartCount: 0 });
  bench.runFor(2_000);
  expect(bench.container('web')).toMatchObject({ image: 'app:2', restartCount: 1, lastState: { terminated: {} } });
  expect(bench.container('web').lastState?.terminated?.exitCode).not.toBe(137);
});

test('a container that has to be started again during a resize has its preStop hook all the same', () => {
  const bench = new NodeBench();
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  const lifecycle = { preStop: { exec: { command: ['sleep', '4'] } } };
  const sized = (cpu: string, memory: string) =>
    main({ lifecycle, resizePolicy, resources: { limits: { cpu, memory }, requests: { cpu, memory } } });
  bench.add('web', sized('1', '64Mi'));
  bench.runFor(1_000);
  bench.isDeaf = true;
  const pod = bench.pod('web');
  bench.set({ ...pod, spec: { ...pod.spec, ...sized('2', '64Mi') } });
  bench.isDeaf = false;
  bench.set({ ...pod, spec: { ...pod.spec, ...sized('2', '128Mi') } });
  bench.runFor(3_000);
  expect(bench.container('web')).toMatchObject({ restartCount: 0 });
  bench.runFor(2_000);
  expect(bench.container('web')).toMatchObject({ restartCount: 1, state: { running: {} } });
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

test('an ephemeral container starts when it is added, once, and counts for nothing', () => {
  const bench = new NodeBench();
  bench.add('web');
  const pod = bench.pod('web');
  const debuggers = [{ name: 'debugger', ...image, command: ['sleep', '3'], targetContainerName: 'main' }];
  bench.set({ ...pod, spec: { ...pod.spec, ephemeralContainers: debuggers } });
  expect(bench.status('web').ephemeralContainerStatuses).toMatchObject([{ name: 'debugger', state: { running: {} } }]);
  bench.runFor(2_000);
  bench.restartKubelet();
  bench.runFor(60_000);
  const ended = { name: 'debugger', ready: false, restartCount: 0, state: { terminated: { exitCode: 0 } } };
  expect(bench.status('web').ephemeralContainerStatuses).toMatchObject([ended]);
  expect(bench.transcript.at(-1)).toBe('0s web Running ready main=running#0');
  const events = bench.events.filter((event) => event.includes('debugger'));
  expect(events).toEqual(['Created: Created container: debugger', 'Started: Started container debugger']);
  bench.restartKubelet();
  bench.runFor(1_000);
  expect(bench.status('web').ephemeralContainerStatuses).toMatchObject([ended]);
});

test('an ephemeral container ends with its pod', () => {
  const bench = new NodeBench();
  bench.add('web');
  const pod = bench.pod('web');
  bench.set({ ...pod, spec: { ...pod.spec, ephemeralContainers: [{ name: 'debugger', ...image }] } });
  bench.delete('web');
  bench.runFor(1_000);
  expect(bench.has('web')).toBe(false);
  expect(bench.events).toContain('Killing: Stopping container debugger');
});

const restarts: readonly (readonly [string, object, number, string, boolean])[] = [
  ['its own policy', { restartPolicy: 'Never' }, 1, 'Always', false],
  ['its own policy', { restartPolicy: 'OnFailure' }, 1, 'Never', true],
  ['a rule', { restartPolicy: 'Never', restartPolicyRules: [ruleFor('In', 42)] }, 42, 'Never', true],
  ['a rule', { restartPolicy: 'Never', restartPolicyRules: [ruleFor('In', 42)] }, 1, 'Always', false],
  ['a rule', { restartPolicy: 'Never', restartPolicyRules: [ruleFor('NotIn', 42)] }, 1, 'Never', true],
];
test.each(restarts)(
  'by %s %j a container that ends with %i in a pod of %s restarts: %s',
  (_what, rest, exitCode, restartPolicy, isRestarted) => {
    const bench = new NodeBench();
    bench.add('web', { ...main(rest), restartPolicy: restartPolicy as 'Always' }, { runMs: 1_000, exitCode });
    bench.runFor(5_000);
    expect(bench.container('web').restartCount > 0).toBe(isRestarted);
  },
);

function ruleFor(operator: string, value: number): object {
  return { action: 'Restart', exitCodes: { operator, values: [value] } };
}

const names: readonly (readonly [string, boolean])[] = [
  ['nginx', true],
  ['nginx:1.27', true],
  ['registry.example.com:5000/team/App', false],
  ['registry.example.com:5000/team/app:V1_0', true],
  [`app@sha256:${'0'.repeat(64)}`, true],
  ['Nginx', false],
  ['nginx:', false],
  ['a b', false],
  ['file:///modules/App.mjs', true],
];
test.each(names)('the image name %j is good: %s', (name, isGood) => {
  const bench = new NodeBench();
  bench.add('web', { containers: [{ name: 'main', image: name, imagePullPolicy: 'IfNotPresent' }] });
  expect(bench.container('web').state?.waiting?.reason).toBe(isGood ? undefined : 'InvalidImageName');
});

test('a container that uses more memory than its limit is killed, again and again', () => {
  const bench = new NodeBench({ profiles: { app: { memoryBytes: steady(2_000_000) } } });
  bench.add('fat', main({ resources: { limits: { memory: '1M' } } }));
  bench.add('fit', main({ resources: { limits: { memory: '2M' } } }));
  bench.runFor(5_000);
  expect(bench.container('fat')).toMatchObject({
    restartCount: 1,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
  });
  expect(bench.container('fit').restartCount).toBe(0);
});

test('the end of the log becomes the termination message, if that is wanted and nothing else was said', () => {
  const bench = new NodeBench();
  const command = ['sh', '-c', 'echo it broke; exit 3'];
  const rest = { restartPolicy: 'Never' as const };
  bench.add('told', { ...main({ command, terminationMessagePolicy: 'FallbackToLogsOnError' }), ...rest });
  bench.add('silent', { ...main({ command }), ...rest });
  expect(bench.container('told').state?.terminated).toMatchObject({ exitCode: 3, message: 'it broke\n' });
  expect(bench.container('silent').state?.terminated?.message).toBeUndefined();
});

test('the status of a container tells what it was given', () => {
  const bench = new NodeBench();
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m' } };
  const volumeMounts = [{ name: 'data', mountPath: '/data', readOnly: true }];
  bench.add('web', { ...main({ resources, volumeMounts }), volumes: [{ name: 'data', emptyDir: {} }] });
  expect(bench.container('web')).toMatchObject({
    resources,
    allocatedResources: { cpu: '100m' },
    volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true, recursiveReadOnly: 'Disabled' }],
  });
});

test('the host name of a pod is its name, what it asks for, or its whole domain name', () => {
  const bench = new NodeBench();
  const sandbox = (name: string) => bench.sandbox(name).config;
  bench.add('plain', { hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
  bench.add('named', { hostname: 'db', subdomain: 'dbs' });
  bench.add('full', { hostname: 'db', subdomain: 'dbs', setHostnameAsFQDN: true });
  bench.add('long', { hostname: 'd'.repeat(60), subdomain: 'dbs', setHostnameAsFQDN: true });
  bench.add('own', { hostnameOverride: 'anything.example' });
  expect(sandbox('plain')).toMatchObject({
    hostname: 'plain',
    hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }],
  });
  const address = bench.status('named').podIP ?? '';
  const hostnames = ['db.dbs.default.svc.cluster.local', 'db'];
  expect(sandbox('named')).toMatchObject({ hostname: 'db', hostAliases: [{ ip: address, hostnames }] });
  expect(sandbox('full').hostname).toBe('db.dbs.default.svc.cluster.local');
  expect(sandbox('own').hostname).toBe('anything.example');
  expect(bench.events).toContainEqual(
    expect.stringContaining('FailedCreatePodSandBox: Failed to create pod sandbox: failed to construct FQDN'),
  );
  expect(bench.status('long').phase).toBe('Pending');
});

test('a container that somebody ends behind the kubelet’s back is started again, and the status tells of both', () => {
  const bench = new NodeBench();
  bench.add('web', {}, { ignoresStop: true });
  bench.runFor(1_000);
  const first = bench.container('web').containerID;
  bench.killContainer('web');
  expect(bench.container('web')).toMatchObject({ restartCount: 1, state: { running: {} } });
  expect(bench.container('web').lastState?.terminated).toMatchObject({ exitCode: 137, containerID: first });
});

const ends: readonly (readonly ['Always' | 'OnFailure' | 'Never', number, string, boolean])[] = [
  ['Always', 0, 'Running', true],
  ['Always', 1, 'Running', true],
  ['OnFailure', 0, 'Succeeded', false],
  ['OnFailure', 1, 'Running', true],
  ['Never', 0, 'Succeeded', false],
  ['Never', 1, 'Failed', false],
];
test.each(ends)(
  'restartPolicy %s: a container that ends with %i leaves its pod %s; restarted: %s',
  (restartPolicy, exitCode, phase, isRestarted) => {
    const bench = new NodeBench();
    bench.add('web', { restartPolicy }, { runMs: 1_000, exitCode });
    bench.runFor(3_500);
    expect(bench.status('web').phase).toBe(phase);
    expect(bench.container('web').restartCount > 0).toBe(isRestarted);
  },
);

test('a runtime makes no container without the sandbox of a pod', () => {
  const bench = new NodeBench();
  const config = { name: 'main', image: 'app', mounts: [] } as never;
  const answer = bench.ask({ type: 'createContainer', request: { sandboxId: 'none', config } });
  expect(answer).toMatchObject({ type: 'failed', code: 'notFound' });
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
