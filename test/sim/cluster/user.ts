/** Somebody who works with the cluster meanwhile: creates Deployments, scales, rolls and deletes them, and writes small objects. */
import type { Cluster } from '../../../actors/cluster/index.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import type { Random } from '../../../src/base/random.ts';
import { Attempts, type Findings } from './attempts.ts';
import type { ClusterUser } from './run.ts';

export class User implements ClusterUser {
  readonly attempts: Attempts;
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #deployments: string[] = [];
  readonly #first: number;
  #made = 0;

  /** `first`: how many Deployments to begin with. */
  constructor(cluster: Cluster, random: Random, findings: Findings, first: number) {
    this.attempts = new Attempts(cluster, findings);
    this.#cluster = cluster;
    this.#random = random;
    this.#first = first;
  }

  async begin(): Promise<void> {
    for (let count = 0; count < this.#first; count += 1) await this.create();
  }

  async finish(): Promise<void> {
    // Whatever it left is for the cluster to settle.
  }

  async create(): Promise<void> {
    this.#made += 1;
    const name = `app-${this.#made}`;
    this.#deployments.push(name);
    await this.#try(`create ${name}`, name, () => this.#cluster.api.create(this.#deployment(name)));
  }

  /** Does one thing. */
  async act(): Promise<void> {
    const random = this.#random;
    const name = this.#deployments[random.integer(0, Math.max(0, this.#deployments.length - 1))];
    const draw = random.fraction();
    if (name === undefined || draw < 0.05) return this.create();
    const reference = `deployment/${name}`;
    if (draw < 0.4) {
      const replicas = random.integer(0, 6);
      return this.#try(`scale ${name} to ${replicas}`, name, () => this.#cluster.api.scale(reference, replicas));
    }
    if (draw < 0.75) return this.#roll(name);
    if (draw < 0.8 && this.#deployments.length > 1) {
      this.#deployments.splice(this.#deployments.indexOf(name), 1);
      return this.#try(`delete ${name}`, name, () => this.#cluster.api.delete(reference));
    }
    return this.write();
  }

  async write(): Promise<void> {
    this.#made += 1;
    await this.attempts.write(`note-${this.#made}`);
  }

  async #roll(name: string): Promise<void> {
    this.#made += 1;
    const image = `web:${this.#made}`;
    const patch = { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } };
    this.attempts.findings.marks.add('rolled');
    await this.#try(`roll ${name} to ${image}`, name, () =>
      this.#cluster.api.patch(`deployment/${name}`, patch, { type: 'strategic' }),
    );
  }

  async #try(what: string, name: string, request: () => Promise<AnyObject>): Promise<void> {
    await this.attempts.try(what, name, request);
  }

  #deployment(name: string): AnyObject {
    const random = this.#random;
    const rollingUpdate = random.pick([
      { maxSurge: 1, maxUnavailable: 0 },
      { maxSurge: 0, maxUnavailable: 1 },
      { maxSurge: '25%', maxUnavailable: '25%' },
      { maxSurge: 2, maxUnavailable: 1 },
    ]);
    const annotations = {
      'threemaster.dev/start-latency-ms': String(random.integer(0, 200)),
      'threemaster.dev/ready-delay-ms': String(random.integer(0, 200)),
      'threemaster.dev/stop-latency-ms': String(random.integer(0, 200)),
    };
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas: random.integer(1, 5),
        selector: { matchLabels: { app: name } },
        strategy: { type: 'RollingUpdate', rollingUpdate },
        template: {
          metadata: { labels: { app: name }, annotations },
          spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'web:0' }] },
        },
      },
    };
    return object as unknown as AnyObject;
  }
}
