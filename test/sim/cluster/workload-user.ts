/**
 * Somebody who uses all kinds of workloads: makes Deployments, StatefulSets, DaemonSets and Jobs, scales, rolls and deletes them, and drains
 * nodes while disruption budgets watch over it. Only nodes that are not to be left alone are drained.
 */
import type { Cluster } from '../../../actors/cluster/index.ts';
import { type AnyObject, controllerOf, isBeingDeleted, nameOf, uidOf } from '../../../src/api/object-meta.ts';
import type { Random } from '../../../src/base/random.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { Attempts, type Findings } from './attempts.ts';
import type { Chronicle } from './chronicle.ts';
import type { ClusterUser } from './run.ts';
import type { ClusterSwarm } from './swarm.ts';

const kinds = ['deployment', 'statefulset', 'daemonset', 'job'] as const;
type WorkloadKind = (typeof kinds)[number];

interface Workload {
  readonly kind: WorkloadKind;
  readonly name: string;
}

/** A drain that meets a budget tries again this often, and gives up in the end. */
const evictEveryMs = 200;
const evictAttemptsMax = 15;
const uncordonEveryMs = 300;

export class WorkloadUser implements ClusterUser {
  readonly attempts: Attempts;
  readonly #cluster: Cluster;
  readonly #chronicle: Chronicle;
  readonly #swarm: ClusterSwarm;
  readonly #random: Random;
  readonly #workloads: Workload[] = [];
  readonly #cordoned = new Set<string>();
  #made = 0;

  constructor(cluster: Cluster, chronicle: Chronicle, swarm: ClusterSwarm, random: Random, findings: Findings) {
    this.attempts = new Attempts(cluster, findings);
    this.#cluster = cluster;
    this.#chronicle = chronicle;
    this.#swarm = swarm;
    this.#random = random;
  }

  async begin(): Promise<void> {
    const first = this.#random.shuffle([...kinds]).slice(0, this.#swarm.deployments + 1);
    for (const kind of first) await this.#create(kind);
  }

  async act(): Promise<void> {
    const random = this.#random;
    const workload = this.#workloads[random.integer(0, Math.max(0, this.#workloads.length - 1))];
    const draw = random.fraction();
    if (workload === undefined || draw < 0.1) return this.#create(random.pick(kinds));
    if (draw < 0.2) return this.#drain(`node-${random.integer(0, this.#swarm.touchedNodes - 1)}`);
    if (draw < 0.25) return this.write();
    if (draw < 0.32 && this.#workloads.length > 1) return this.#delete(workload);
    if (draw < 0.65) return this.#roll(workload);
    return this.#scale(workload);
  }

  async write(): Promise<void> {
    this.#made += 1;
    await this.attempts.write(`note-${this.#made}`);
  }

  /** Whoever drained a node takes it into service again: until then nothing may run there. */
  async finish(): Promise<void> {
    for (const node of this.#cordoned) {
      // A cordon whose outcome nobody knew may still come about.
      do {
        await this.#cordon(node, false);
        await this.#cluster.sleep(uncordonEveryMs);
      } while (this.#isCordoned(node));
    }
  }

  async #create(kind: WorkloadKind): Promise<void> {
    this.#made += 1;
    const name = `${kind}-${this.#made}`;
    this.#workloads.push({ kind, name });
    await this.#try(`create ${name}`, name, () => this.#cluster.api.create(this.#object(kind, name)));
    if (kind !== 'deployment' && kind !== 'statefulset') return;
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: name } } },
    };
    await this.#try(`create budget ${name}`, name, () => this.#cluster.api.create(budget as unknown as AnyObject));
  }

  async #delete(workload: Workload): Promise<void> {
    const { kind, name } = workload;
    this.#workloads.splice(this.#workloads.indexOf(workload), 1);
    const body = { propagationPolicy: 'Background' };
    await this.#try(`delete ${name}`, name, () => this.#cluster.api.delete(`${kind}/${name}`, { body }));
  }

  async #roll({ kind, name }: Workload): Promise<void> {
    if (kind === 'job') return;
    this.#made += 1;
    const image = `web:${this.#made}`;
    const patch = { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } };
    this.attempts.findings.marks.add(`rolled ${kind}`);
    await this.#try(`roll ${name} to ${image}`, name, () =>
      this.#cluster.api.patch(`${kind}/${name}`, patch, { type: 'strategic' }),
    );
  }

  async #scale({ kind, name }: Workload): Promise<void> {
    if (kind !== 'deployment' && kind !== 'statefulset') return;
    const replicas = this.#random.integer(0, 5);
    await this.#try(`scale ${name} to ${replicas}`, name, () => this.#cluster.api.scale(`${kind}/${name}`, replicas));
  }

  async #drain(node: string): Promise<void> {
    if (this.#cordoned.has(node)) return;
    this.#cordoned.add(node);
    if (!(await this.#cordon(node, true))) return;
    for (let attempt = 0; attempt < evictAttemptsMax; attempt += 1) {
      const left = this.#podsToEvict(node);
      if (left.length === 0) {
        this.attempts.findings.marks.add('drained');
        break;
      }
      for (const pod of left) await this.#evict(pod);
      await this.#cluster.sleep(evictEveryMs);
    }
    if (await this.#cordon(node, false)) this.#cordoned.delete(node);
  }

  #podsToEvict(node: string): Pod[] {
    return this.#chronicle
      .now<Pod>('pods')
      .filter((pod) => pod.spec.nodeName === node && !isBeingDeleted(pod) && controllerOf(pod)?.kind !== 'DaemonSet');
  }

  #isCordoned(name: string): boolean {
    return this.#chronicle
      .now<Node>('nodes')
      .some((node) => nameOf(node) === name && node.spec?.unschedulable === true);
  }

  async #cordon(node: string, unschedulable: boolean): Promise<boolean> {
    const what = unschedulable ? 'cordon' : 'uncordon';
    const patch = { spec: { unschedulable: unschedulable ? true : null } };
    return await this.#try(`${what} ${node}`, node, () => this.#cluster.api.patch(`node/${node}`, patch));
  }

  async #evict(pod: Pod): Promise<void> {
    const name = nameOf(pod);
    // The answer is a Status, without a revision.
    await this.#try(`evict ${name}`, name, async () => {
      // A stateful set gives the name again, perhaps on a node that is not drained.
      const answer = await this.#cluster.api.evict(name, { uid: uidOf(pod) });
      this.attempts.findings.marks.add('pod evicted by request');
      return { ...answer, metadata: answer.metadata ?? {} };
    });
  }

  #try(what: string, name: string, request: () => Promise<AnyObject>): Promise<boolean> {
    return this.attempts.try(what, name, request);
  }

  #object(kind: WorkloadKind, name: string): AnyObject {
    const random = this.#random;
    const labels = { app: name };
    const selector = { matchLabels: labels };
    const annotations = {
      'threemaster.dev/start-latency-ms': String(random.integer(0, 200)),
      'threemaster.dev/ready-delay-ms': String(random.integer(0, 200)),
      'threemaster.dev/stop-latency-ms': String(random.integer(0, 200)),
    };
    const containers = [{ name: 'main', image: 'web:0' }];
    const template = {
      metadata: { labels, annotations },
      spec: { terminationGracePeriodSeconds: 1, containers },
    };
    const metadata = { name };
    switch (kind) {
      case 'deployment':
        return workload('apps/v1', 'Deployment', metadata, { replicas: random.integer(1, 4), selector, template });
      case 'statefulset':
        return workload('apps/v1', 'StatefulSet', metadata, {
          replicas: random.integer(1, 4),
          serviceName: name,
          selector,
          template,
          podManagementPolicy: random.pick(['OrderedReady', 'Parallel']),
          ...this.#claims(),
        });
      case 'daemonset': {
        // More than one, because a dead node's pod is unavailable for ever.
        const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } };
        return workload('apps/v1', 'DaemonSet', metadata, { selector, template, updateStrategy });
      }
      case 'job':
        return this.#job(metadata, labels);
    }
  }

  /** Half of the sets want a disk for each pod, which follows it from node to node; some give it back. */
  #claims(): object {
    const random = this.#random;
    if (random.chance(0.5)) return {};
    this.attempts.findings.marks.add('asked for disks');
    const policies = ['Retain', 'Delete'];
    const spec = {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'cloud',
      resources: { requests: { storage: '1Gi' } },
    };
    return {
      volumeClaimTemplates: [{ metadata: { name: 'disk' }, spec }],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: random.pick(policies), whenScaled: random.pick(policies) },
    };
  }

  /** Most succeed; some fail each time, and give up after the second. */
  #job(metadata: object, labels: object): AnyObject {
    const random = this.#random;
    const fails = random.chance(0.2);
    const annotations = {
      'threemaster.dev/run-ms': String(random.integer(50, 1_500)),
      'threemaster.dev/exit-code': fails ? '3' : '0',
    };
    return workload('batch/v1', 'Job', metadata, {
      completions: random.integer(1, 6),
      parallelism: random.integer(1, 3),
      completionMode: random.pick(['NonIndexed', 'Indexed']),
      backoffLimit: fails ? 1 : 100,
      template: {
        metadata: { labels, annotations },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: 'work:0' }],
        },
      },
    });
  }
}

function workload(apiVersion: string, kind: string, metadata: object, spec: object): AnyObject {
  return { apiVersion, kind, metadata, spec } as unknown as AnyObject;
}
