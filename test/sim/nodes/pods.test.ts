/** Pods from creation to deletion through the real store, API server, scheduler, kubelet and runtime, in a simulated universe. */
import { expect, test } from 'vitest';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { isReady, NodeWorld, podNamed } from './node-world.ts';

const pods = 'core/v1/default/pods';
const oneContainer = (rest: object): object => ({ containers: [{ name: 'main', image: 'busybox:1.36', ...rest }] });
const phaseOf = (pod: Pod | null): string => pod?.status?.phase ?? 'absent';
const mainOf = (pod: Pod | null) => pod?.status?.containerStatuses?.[0];

test('a pod is scheduled, started, told about and deleted', () => {
  const world = new NodeWorld({ nodes: 2 });
  expect(world.create(pods, podNamed('web')).status).toBe(201);
  world.until(() => isReady(world.pod('web')), 5_000);
  const pod = world.pod('web');
  expect(pod?.status).toMatchObject({
    phase: 'Running',
    podIP: expect.stringMatching(/^10\.244\.[01]\.2$/),
    hostIP: expect.stringMatching(/^192\.168\.0\.1[01]$/),
    qosClass: 'BestEffort',
    containerStatuses: [{ name: 'main', ready: true, started: true, restartCount: 0, image: 'nginx:1.27' }],
  });
  world.runFor(200);
  const place = pod?.spec.nodeName ?? '';
  expect(world.events('web').sort()).toEqual([
    'Created x1: Created container: main',
    expect.stringMatching(/^Pulled x1: Successfully pulled image "nginx:1.27" in 0s \(0s including waiting\)/),
    'Pulling x1: Pulling image "nginx:1.27"',
    `Scheduled x1: Successfully assigned default/web to ${place}`,
    'Started x1: Started container main',
  ]);
  expect(world.delete(`${pods}/web`).body.metadata.deletionTimestamp).toBeDefined();
  world.until(() => world.pod('web') === null, 5_000);
});

test('a pod that runs to its end succeeds or fails by its exit code', () => {
  const world = new NodeWorld();
  world.create(pods, podNamed('good', { restartPolicy: 'Never', ...oneContainer({ command: ['sleep', '2'] }) }));
  world.create(pods, podNamed('bad', { restartPolicy: 'Never', ...oneContainer({ command: ['false'] }) }));
  world.until(() => phaseOf(world.pod('good')) === 'Running', 2_000);
  world.until(() => phaseOf(world.pod('good')) === 'Succeeded' && phaseOf(world.pod('bad')) === 'Failed', 5_000);
  expect(mainOf(world.pod('good'))?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
  expect(mainOf(world.pod('bad'))?.state?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
  expect(world.pod('good')?.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
    reason: 'PodCompleted',
  });
});

test('a crashing container is restarted after waits that double', () => {
  const world = new NodeWorld();
  world.create(pods, podNamed('crash', oneContainer({ command: ['false'] })));
  world.until(() => mainOf(world.pod('crash'))?.state?.waiting?.reason === 'CrashLoopBackOff', 5_000);
  expect(mainOf(world.pod('crash'))).toMatchObject({
    state: {
      waiting: { message: expect.stringMatching(/^back-off 1s restarting failed container=main pod=crash_default/) },
    },
    lastState: { terminated: { exitCode: 1 } },
    restartCount: 1,
  });
  world.runFor(8_000);
  expect(mainOf(world.pod('crash'))?.restartCount).toBe(4);
  expect(phaseOf(world.pod('crash'))).toBe('Running');
  expect(world.events('crash').some((event) => event.startsWith('BackOff'))).toBe(true);
});

test('init containers run one after another before the main ones', () => {
  const world = new NodeWorld();
  const initContainers = [
    { name: 'first', image: 'busybox', command: ['sleep', '1'] },
    { name: 'second', image: 'busybox', command: ['sleep', '1'] },
  ];
  world.create(pods, podNamed('staged', { initContainers }));
  world.until(() => world.pod('staged')?.status?.initContainerStatuses?.[1]?.state?.running !== undefined, 5_000);
  expect(world.pod('staged')?.status).toMatchObject({
    phase: 'Pending',
    initContainerStatuses: [{ ready: true, state: { terminated: { exitCode: 0 } } }, { ready: false }],
    containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
  });
  world.until(() => isReady(world.pod('staged')), 5_000);
});

test('an image that cannot be pulled is told and tried again', () => {
  const world = new NodeWorld({ runtime: { profiles: { missing: { pullError: 'not found' } } } });
  world.create(pods, podNamed('lost', oneContainer({ image: 'example.com/missing:1' })));
  const reasons = new Set<string>();
  world.until(() => {
    reasons.add(mainOf(world.pod('lost'))?.state?.waiting?.reason ?? '');
    return reasons.has('ImagePullBackOff');
  }, 5_000);
  expect(reasons.has('ErrImagePull')).toBe(true);
  expect(phaseOf(world.pod('lost'))).toBe('Pending');
  world.delete(`${pods}/lost`);
  world.until(() => world.pod('lost') === null, 3_000);
});

test('readiness follows its probe, and a failed liveness probe restarts the container', () => {
  const world = new NodeWorld();
  const probe = { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 2 };
  const annotations = { 'threemaster.dev/ready-delay-ms': '3000', 'threemaster.dev/unready-after-ms': '8000' };
  const spec = oneContainer({
    image: 'nginx',
    readinessProbe: probe,
    livenessProbe: { ...probe, initialDelaySeconds: 4 },
  });
  world.create(pods, podNamed('probed', spec, { annotations }));
  world.runFor(2_500);
  expect(phaseOf(world.pod('probed'))).toBe('Running');
  expect(isReady(world.pod('probed'))).toBe(false);
  world.until(() => isReady(world.pod('probed')), 3_000);
  world.until(() => mainOf(world.pod('probed'))?.restartCount === 1, 8_000);
  const events = world.events('probed');
  expect(events).toContainEqual(
    expect.stringMatching(/^Unhealthy x\d+: Liveness probe failed: connect: connection refused/),
  );
  expect(events).toContainEqual('Killing x1: Container main failed liveness probe, will be restarted');
});

test('a pod gets its grace, and no more', () => {
  const world = new NodeWorld();
  const annotations = { 'threemaster.dev/ignore-stop': 'true' };
  world.create(pods, podNamed('stubborn', { terminationGracePeriodSeconds: 5 }, { annotations }));
  world.until(() => isReady(world.pod('stubborn')), 5_000);
  world.delete(`${pods}/stubborn`);
  world.runFor(4_500);
  expect(world.pod('stubborn')).not.toBe(null);
  expect(world.events('stubborn')).toContainEqual('Killing x1: Stopping container main');
  world.until(() => world.pod('stubborn') === null, 2_000);
});

test('a pod past its deadline fails', () => {
  const world = new NodeWorld();
  world.create(pods, podNamed('late', { activeDeadlineSeconds: 2 }));
  world.until(() => phaseOf(world.pod('late')) === 'Failed', 6_000);
  expect(world.pod('late')?.status).toMatchObject({ reason: 'DeadlineExceeded' });
});

test('logs are read, followed, and kept of the instance before', () => {
  const world = new NodeWorld();
  const annotations = { 'threemaster.dev/log-lines-per-second': '10', 'threemaster.dev/run-ms': '1000' };
  world.create(pods, podNamed('talker', {}, { annotations }));
  world.until(() => isReady(world.pod('talker')), 5_000);
  const followed = world.logs('talker', { follow: 'true' });
  world.until(() => followed.end !== null, 5_000);
  expect(followed).toEqual({
    text: Array.from({ length: 10 }, (_, n) => `line ${n + 1}\n`).join(''),
    end: 'completed',
  });
  expect(world.logs('talker', { tailLines: '2', previous: 'true' }).text).toBe('line 9\nline 10\n');
  expect(world.logs('talker', { timestamps: 'true', tailLines: '1', previous: 'true' }).text).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 10\n$/,
  );
});

test('a pod that fits nowhere says why, and is placed when there is room', () => {
  const world = new NodeWorld({
    nodes: 3,
    node: (name) => (name === 'node-0' ? { taints: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }] } : {}),
  });
  const big = { resources: { requests: { cpu: '3' } } };
  world.create(pods, podNamed('one', oneContainer(big)));
  world.create(pods, podNamed('two', oneContainer(big)));
  world.until(() => isReady(world.pod('one')) && isReady(world.pod('two')), 5_000);
  expect(world.pod('one')?.spec.nodeName).not.toBe(world.pod('two')?.spec.nodeName);
  world.create(pods, podNamed('three', oneContainer(big)));
  world.runFor(500);
  const message =
    '0/3 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}, 2 Insufficient cpu. ' +
    'preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.';
  expect(world.pod('three')?.status?.conditions).toMatchObject([
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
  ]);
  expect(world.events('three')).toEqual([`FailedScheduling x1: ${message}`]);
  world.delete(`${pods}/one`);
  world.until(() => isReady(world.pod('three')), 5_000);
});
