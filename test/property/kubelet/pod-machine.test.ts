/**
 * Whatever a runtime answers, shows or keeps to itself, in whatever order, a pod's machine never throws and never tells an illegal status. The
 * runtime here is an adversary: answers fail at random or never come, containers exit, vanish and are listed at any moment.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import type { ContainerStatus, Pod, PodStatus } from '../../../src/kinds/pod/types.ts';
import { kubeletLimits } from '../../../src/kubelet/limits.ts';
import { PodMachine } from '../../../src/kubelet/pod-machine.ts';
import type { NodeFacts } from '../../../src/kubelet/pod-surroundings.ts';
import { type RuntimeCall, Turn } from '../../../src/kubelet/turn.ts';
import type { ContainerConfig, RuntimeContainer, SandboxConfig, SandboxStatus } from '../../../src/protocol/runtime.ts';

type Step =
  /** Answers a call that waits, the one at this share of the list. */
  | { readonly type: 'answer'; readonly which: number; readonly how: 'done' | 'failed' | 'unreachable' }
  | { readonly type: 'exit'; readonly which: number; readonly exitCode: number }
  | { readonly type: 'vanish'; readonly which: number }
  | { readonly type: 'list' }
  | { readonly type: 'wait'; readonly durationMs: number }
  | { readonly type: 'delete'; readonly graceSeconds: number }
  | { readonly type: 'remove' }
  /** Another kubelet takes over from what the API was told last. */
  | { readonly type: 'restart' };

const which = fc.double({ min: 0, max: 0.999, noNaN: true });
const answer: fc.Arbitrary<Step> = fc.record({
  type: fc.constant('answer' as const),
  which,
  how: fc.constantFrom('done' as const, 'done' as const, 'done' as const, 'failed' as const, 'unreachable' as const),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 100, arbitrary: answer },
  {
    weight: 30,
    arbitrary: fc.record({ type: fc.constant('exit' as const), which, exitCode: fc.constantFrom(0, 0, 1, 137) }),
  },
  { weight: 10, arbitrary: fc.record({ type: fc.constant('vanish' as const), which }) },
  { weight: 10, arbitrary: fc.constant({ type: 'list' as const }) },
  {
    weight: 30,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      durationMs: fc.constantFrom(100, 1_000, 10_000, 400_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('delete' as const), graceSeconds: fc.constantFrom(0, 1, 30) }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'remove' as const }) },
  { weight: 5, arbitrary: fc.constant({ type: 'restart' as const }) },
);

const shape = fc.record({
  restartPolicy: fc.constantFrom('Always' as const, 'OnFailure' as const, 'Never' as const),
  init: fc.constantFrom('none', 'init', 'sidecar', 'both'),
  hasProbes: fc.boolean(),
  hasHooks: fc.boolean(),
  deadline: fc.constantFrom(undefined, 60),
});

type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

const wallStartMs = 1_700_000_000_000;

class World {
  pod: Pod;
  machine: PodMachine;
  nowMs = 0;
  isRemoved = false;
  readonly #sandboxes = new Map<string, SandboxStatus>();
  readonly #containers = new Map<string, RuntimeContainer>();
  readonly #facts: NodeFacts;
  #calls: RuntimeCall[] = [];
  #lastId = 0;
  #lastAddress = 1;

  constructor(pod: Pod) {
    this.pod = pod;
    this.#facts = {
      nodeName: 'node-0',
      hostIp: '192.168.0.10',
      limits: kubeletLimits,
      runtimeName: () => 'test',
      allocatable: {},
      objects: { find: () => null, list: () => [] },
      isAttached: () => true,
      handlerOf: () => null,
      allocateAddress: () => `10.244.0.${(this.#lastAddress += 1)}`,
    };
    this.machine = new PodMachine(pod, this.#facts, this.#turn());
    this.#advance(this.#turn());
  }

  take(step: Step): void {
    const turn = this.#turn();
    switch (step.type) {
      case 'answer':
        this.#answer(step, turn);
        break;
      case 'exit':
        this.#exit(step, turn);
        break;
      case 'vanish': {
        const container = pick([...this.#containers.values()], step.which);
        if (container !== undefined) this.#containers.delete(container.id);
        break;
      }
      case 'list':
        this.machine.observe([...this.#sandboxes.values()], [...this.#containers.values()], turn);
        break;
      case 'wait':
        this.nowMs += step.durationMs;
        return this.#advance(this.#turn());
      case 'delete':
        this.pod = {
          ...this.pod,
          metadata: {
            ...this.pod.metadata,
            deletionTimestamp: '2026-01-01T00:00:00Z',
            deletionGracePeriodSeconds: step.graceSeconds,
          },
        };
        this.machine.update(this.pod);
        break;
      case 'remove':
        this.isRemoved = true;
        this.machine.remove(this.pod);
        break;
      case 'restart':
        return this.#restart();
    }
    this.#advance(turn);
  }

  #turn(): Turn {
    return new Turn(this.nowMs as MonotonicMs, (wallStartMs + this.nowMs) as WallMs);
  }

  #advance(turn: Turn): void {
    this.machine.advance(turn);
    this.#calls.push(...turn.calls);
    const status = this.machine.status;
    if (status !== undefined) this.pod = { ...this.pod, status };
  }

  #restart(): void {
    if (this.isRemoved) return;
    this.#calls = [];
    const turn = this.#turn();
    this.machine = new PodMachine(this.pod, this.#facts, turn);
    this.machine.observe([...this.#sandboxes.values()], [...this.#containers.values()], turn);
    this.#advance(turn);
  }

  #answer({ which: share, how }: Extract<Step, { type: 'answer' }>, turn: Turn): void {
    const call = pick(this.#calls, share);
    if (call === undefined) return;
    this.#calls = this.#calls.filter((each) => each !== call);
    if (how === 'done') call.settle(this.#carryOut(call), turn);
    else if (how === 'failed') call.settle({ type: 'failed', code: 'startFailed', message: 'no' }, turn);
    else call.settle({ type: 'unreachable' }, turn);
  }

  #carryOut({ type, request }: RuntimeCall): unknown {
    this.#lastId += 1;
    const id = `id-${this.#lastId}`;
    const { config, sandboxId, containerId } = request as {
      config: SandboxConfig & ContainerConfig;
      sandboxId: string;
      containerId: string;
    };
    const nowMs = (wallStartMs + this.nowMs) as WallMs;
    const container = this.#containers.get(containerId);
    switch (type) {
      case 'runPodSandbox':
        this.#sandboxes.set(id, { id, config, state: 'ready', createdAtMs: nowMs });
        return { type: 'done', sandboxId: id };
      case 'createContainer':
        this.#containers.set(id, {
          id,
          sandboxId,
          podUid: 'uid',
          config,
          state: 'created',
          createdAtMs: nowMs,
          startedAtMs: null,
          finishedAtMs: null,
          exitCode: 0,
          reason: '',
          message: '',
        });
        return { type: 'done', containerId: id };
      case 'startContainer':
        if (container !== undefined)
          this.#containers.set(containerId, { ...container, state: 'running', startedAtMs: nowMs });
        return { type: 'done' };
      case 'stopContainer':
        if (container !== undefined) this.#end(container, 137);
        return { type: 'done' };
      case 'imageStatus':
        return { type: 'done', imageId: 'sha256:1' };
      case 'pullImage':
        return { type: 'done', imageId: 'sha256:1', sizeBytes: 1 };
      case 'execSync':
        return { type: 'done', exitCode: 0, stdout: new Uint8Array(0), stderr: new Uint8Array(0) };
      case 'probe':
        return { type: 'done', isSuccessful: this.#lastId % 3 > 0, message: 'refused' };
      default:
        return { type: 'done' };
    }
  }

  #end(container: RuntimeContainer, exitCode: number): RuntimeContainer {
    const finishedAtMs = (wallStartMs + this.nowMs) as WallMs;
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const ended: RuntimeContainer = { ...container, state: 'exited', finishedAtMs, exitCode, reason };
    this.#containers.set(container.id, ended);
    return ended;
  }

  #exit({ which: share, exitCode }: Extract<Step, { type: 'exit' }>, turn: Turn): void {
    const running = [...this.#containers.values()].filter(({ state }) => state === 'running');
    const container = pick(running, share);
    if (container !== undefined) this.machine.observeContainer(this.#end(container, exitCode), turn);
  }
}

function pick<T>(items: readonly T[], share: number): T | undefined {
  return items[Math.floor(share * items.length)];
}

function podOf({ restartPolicy, init, hasProbes, hasHooks, deadline }: Shape): Pod {
  const probe = { httpGet: { port: 80 }, periodSeconds: 1 };
  const probes = hasProbes ? { startupProbe: probe, readinessProbe: probe, livenessProbe: probe } : {};
  const hook = { exec: { command: ['true'] } };
  const lifecycle = hasHooks ? { lifecycle: { postStart: hook, preStop: hook } } : {};
  const initContainers = [
    ...(init === 'init' || init === 'both' ? [{ name: 'init', image: 'app' }] : []),
    ...(init === 'sidecar' || init === 'both' ? [{ name: 'sidecar', image: 'app', restartPolicy: 'Always' }] : []),
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'uid' },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: 30,
      ...(deadline === undefined ? {} : { activeDeadlineSeconds: deadline }),
      initContainers,
      containers: [
        { name: 'a', image: 'app', ...probes, ...lifecycle },
        { name: 'b', image: 'app' },
      ],
    },
  };
}

const order = { Pending: 0, Running: 1, Succeeded: 2, Failed: 2, Unknown: -1 };

function checkLegal(status: PodStatus, former: PodStatus | undefined): void {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const before = [...(former?.initContainerStatuses ?? []), ...(former?.containerStatuses ?? [])];
  for (const container of all)
    checkContainer(
      container,
      before.find(({ name }) => name === container.name),
    );
  const phase = status.phase ?? 'Unknown';
  const earlier = former?.phase ?? 'Pending';
  expect(order[phase]).toBeGreaterThanOrEqual(order[earlier] === 2 ? 2 : 0);
  if (order[earlier] === 2) expect(phase).toBe(earlier);
  const types = (status.conditions ?? []).map(({ type }) => type);
  expect(new Set(types).size).toBe(types.length);
  const isTrue = (type: string): boolean => status.conditions?.find((each) => each.type === type)?.status === 'True';
  if (isTrue('Ready')) expect(isTrue('ContainersReady')).toBe(true);
  if (isTrue('ContainersReady')) {
    expect(phase).toBe('Running');
    expect(status.containerStatuses?.every(({ ready }) => ready)).toBe(true);
  }
  if (phase === 'Succeeded') {
    expect(status.containerStatuses?.every(({ state }) => state?.terminated?.exitCode === 0)).toBe(true);
  }
}

function checkContainer(container: ContainerStatus, former: ContainerStatus | undefined): void {
  expect(Object.keys(container.state ?? {})).toHaveLength(1);
  expect(container.restartCount).toBeGreaterThanOrEqual(former?.restartCount ?? 0);
  const isInit = container.name === 'init';
  if (container.ready && !isInit) expect(container.state?.running).toBeDefined();
  if (container.started === true) expect(container.state?.running).toBeDefined();
}

test('any history of a runtime leaves a legal status', () => {
  fc.assert(
    fc.property(shape, fc.array(step, { maxLength: 80 }), (drawn, steps) => {
      const world = new World(podOf(drawn));
      let former = world.machine.status;
      for (const each of steps) {
        if (world.isRemoved && each.type === 'restart') continue;
        world.take(each);
        const { status } = world.machine;
        if (status === undefined) throw new Error('a machine without a status');
        checkLegal(status, former);
        if (world.machine.hasEnded) expect(status.containerStatuses?.some(({ state }) => state?.running)).toBe(false);
        former = status;
      }
    }),
    { numRuns: 1_000 },
  );
});
