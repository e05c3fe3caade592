/**
 * Node groups over a model of a cluster: whoever looks may die between any two of its actions, pods come and go, and a disruption budget holds. In
 * the end every pod that can have a node has one, and no node is left that is not needed. Row A63.
 */
import { expect, test } from 'vitest';
import type { WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { timestampSeconds } from '../../../src/base/time.ts';
import {
  type GroupMember,
  groupLabel,
  type NodeAction,
  type NodeGroup,
  type NodesObserved,
  planNodes,
} from '../../../src/controllers/nodeautoscaler/plan-nodes.ts';
import { place, roomOf } from '../../../src/controllers/nodeautoscaler/room.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';

type Json = ReturnType<typeof JSON.parse>;

const timing = { intervalMs: 500, idleMs: 5_000, drainMs: 60_000, provisionMs: 15_000 };
const capacity = { cpu: '4', memory: '8Gi', pods: '10' };
const owner = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true }];

const group = (name: string, min: number, max: number, zone: string): NodeGroup => ({
  name,
  min,
  max,
  capacity,
  labels: { [groupLabel]: name, zone },
});

class Model {
  nowMs = Date.UTC(2026, 0, 1);
  wanted = 0;
  members: GroupMember[] = [];
  nodes: Json[] = [];
  pods: Json[] = [];
  /** Evictions leave at least so many pods running. */
  budget = 1;
  readonly random: Random;
  readonly groups: readonly NodeGroup[];
  #made = 0;

  constructor(seed: number, groups: readonly NodeGroup[]) {
    this.random = new Random(seed);
    this.groups = groups;
    // A node of no group, which stays.
    this.nodes.push(this.#node('fixed', {}));
  }

  observe(): NodesObserved {
    const { groups, members, nodes, pods } = structuredClone({
      groups: this.groups,
      members: this.members,
      nodes: this.nodes,
      pods: this.pods,
    });
    return { groups, members, nodes: nodes as Node[], pods: pods as Pod[], nowMs: this.nowMs as WallMs, timing };
  }

  carryOut(action: NodeAction): void {
    switch (action.type) {
      case 'add':
        this.#made += 1;
        this.members.push({ name: `n${this.#made}`, group: action.group });
        return;
      case 'remove':
        this.members = this.members.filter(({ name }) => name !== action.node);
        // The process may die before the object is gone.
        if (this.random.fraction() < 0.5) this.#forget(action.node);
        return;
      case 'forget':
        this.#forget(action.node);
        return;
      case 'mark':
        this.#mark(action.node, action.patch as Json);
        return;
      case 'evict':
        this.#evict(action.pod);
    }
  }

  /** A second in which kubelets register, controllers make pods and the scheduler binds them. */
  live(): void {
    this.nowMs += 1_000;
    for (const { name, group: groupName } of this.members) {
      const labels = this.groups.find((each) => each.name === groupName)?.labels ?? {};
      if (!this.nodes.some(({ metadata }) => metadata.name === name)) this.nodes.push(this.#node(name, labels));
    }
    while (this.pods.length > this.wanted) this.pods.pop();
    while (this.pods.length < this.wanted) this.pods.push(this.#pod());
    for (const pod of this.pods.filter(({ spec }) => spec.nodeName === undefined)) this.#schedule(pod);
  }

  get running(): number {
    return this.pods.filter(({ spec }) => spec.nodeName !== undefined).length;
  }

  #schedule(pod: Json): void {
    const target = (this.nodes as Node[]).find((node) => {
      const here = this.pods.filter(({ spec }) => spec.nodeName === node.metadata.name) as Pod[];
      return place(roomOf(node, here), pod as Pod);
    });
    if (target !== undefined) {
      pod.spec.nodeName = target.metadata.name;
      pod.status = { phase: 'Running' };
    } else
      pod.status = {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }],
      };
  }

  #evict(pod: Pod): void {
    if (this.running <= this.budget) return;
    this.pods = this.pods.filter(({ metadata }) => metadata.name !== pod.metadata.name);
    this.pods.push(this.#pod());
  }

  #mark(name: string, patch: Json): void {
    const node = this.nodes.find(({ metadata }) => metadata.name === name);
    if (node?.metadata.resourceVersion !== patch.metadata.resourceVersion) return;
    node.metadata.resourceVersion = String(Number(node.metadata.resourceVersion) + 1);
    for (const [key, value] of Object.entries(patch.metadata.annotations ?? {})) {
      if (value === null) delete node.metadata.annotations[key];
      else node.metadata.annotations[key] = value;
    }
    if (patch.spec?.taints !== undefined) node.spec.taints = patch.spec.taints;
  }

  #forget(name: string): void {
    this.nodes = this.nodes.filter(({ metadata }) => metadata.name !== name);
    this.pods = this.pods.filter(({ spec }) => spec.nodeName !== name);
  }

  #node(name: string, labels: object): Json {
    const creationTimestamp = timestampSeconds(this.nowMs as WallMs);
    const conditions = [{ type: 'Ready', status: 'True' }];
    const metadata = { name, labels, annotations: {}, resourceVersion: '1', creationTimestamp };
    return { kind: 'Node', apiVersion: 'v1', metadata, spec: {}, status: { allocatable: capacity, conditions } };
  }

  #pod(): Json {
    this.#made += 1;
    const resources = { requests: { cpu: this.random.pick(['500m', '1', '1500m']), memory: '1Gi' } };
    const metadata = { name: `p${this.#made}`, namespace: 'default', ownerReferences: owner };
    return { kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers: [{ name: 'a', resources }] }, status: {} };
  }
}

function checkBounds(model: Model): void {
  for (const { name, max } of model.groups) {
    expect(model.members.filter((each) => each.group === name).length).toBeLessThanOrEqual(max);
  }
}

test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
  'seed %i: it converges, however often it dies',
  (seed) => {
    const model = new Model(seed, [group('small', 0, 3, 'a'), group('large', 1, 6, 'b')]);
    const { random } = model;
    for (let second = 0; second < 120; second += 1) {
      if (random.fraction() < 0.1) model.wanted = random.integer(0, 20);
      const actions = planNodes(model.observe());
      const done = random.fraction() < 0.5 ? actions.length : random.integer(0, actions.length);
      const running = model.running;
      for (const action of actions.slice(0, done)) model.carryOut(action);
      expect(model.running).toBeGreaterThanOrEqual(Math.min(running, model.budget));
      checkBounds(model);
      model.live();
    }
    model.wanted = random.integer(0, 20);
    const sizes: number[] = [];
    for (let second = 0; second < 600; second += 1) {
      for (const action of planNodes(model.observe())) model.carryOut(action);
      model.live();
      sizes.push(model.members.length);
    }
    expect(model.running).toBe(model.wanted);
    expect(planNodes(model.observe()).filter(({ type }) => type !== 'mark')).toEqual([]);
    // It does not add today what it takes away tomorrow.
    expect(new Set(sizes.slice(-100)).size).toBe(1);
    if (model.wanted === 0) expect(model.members.map((each) => each.group)).toEqual(['large']);
  },
);

test('pods choose their group by what they select, and what fits nowhere adds nothing', () => {
  const model = new Model(1, [group('small', 0, 3, 'a'), group('large', 0, 6, 'b')]);
  model.nodes = [];
  model.wanted = 2;
  model.live();
  model.pods[0].spec.nodeSelector = { zone: 'b' };
  model.pods[1].spec.nodeSelector = { zone: 'c' };
  expect(planNodes(model.observe())).toEqual([{ type: 'add', group: 'large' }]);
  model.pods[0].spec.containers[0].resources.requests.cpu = '64';
  expect(planNodes(model.observe())).toEqual([]);
});

test('many small pods share the nodes that are added for them', () => {
  const model = new Model(2, [group('small', 0, 9, 'a')]);
  model.nodes = [];
  model.wanted = 8;
  model.live();
  for (const pod of model.pods) pod.spec.containers[0].resources.requests.cpu = '1';
  expect(planNodes(model.observe())).toHaveLength(2);
});

test('a pod without an owner, or one that says so, keeps its node', () => {
  for (const metadata of [
    { ownerReferences: [] },
    { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } },
  ]) {
    const model = new Model(3, [group('small', 0, 3, 'a')]);
    model.carryOut({ type: 'add', group: 'small' });
    model.wanted = 1;
    model.live();
    model.pods[0].spec.nodeName = model.members[0]?.name;
    model.pods[0].metadata = { ...model.pods[0].metadata, ...metadata };
    for (let second = 0; second < 30; second += 1) {
      for (const action of planNodes(model.observe())) model.carryOut(action);
      model.live();
    }
    expect(model.members).toHaveLength(1);
  }
});
