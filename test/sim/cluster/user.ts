/**
 * Somebody who works with the cluster meanwhile: creates Deployments, scales, rolls and deletes them, and writes small objects. A request may
 * fail for want of a majority or of an API server, and then says so with 503 or 504; every other surprise is a violation.
 */
import { type Cluster, StatusError } from '../../../actors/cluster/index.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import type { Random } from '../../../src/base/random.ts';
import { Tally } from '../tally.ts';

/** A write that was acknowledged: it must be in the chronicle. */
export interface Acknowledged {
  readonly what: string;
  readonly name: string;
  readonly revision: number;
}

/** 409: somebody else was faster; 404: it was deleted meanwhile, or an earlier create of unknown outcome was not done. */
const expectedCodes = new Set([404, 409, 503, 504]);

export class User {
  readonly acknowledged: Acknowledged[] = [];
  readonly marks: Tally;
  readonly counts = new Tally();
  readonly violations: string[];
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #say: (line: string) => void;
  readonly #deployments: string[] = [];
  #made = 0;

  constructor(
    cluster: Cluster,
    random: Random,
    out: { readonly marks: Tally; readonly violations: string[]; readonly say: (line: string) => void },
  ) {
    this.#cluster = cluster;
    this.#random = random;
    this.marks = out.marks;
    this.violations = out.violations;
    this.#say = out.say;
  }

  /** Names of Deployments that were created and not deleted, as far as the user knows. */
  get deployments(): readonly string[] {
    return this.#deployments;
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

  /** Writes a small object, for the answer's sake. */
  async write(): Promise<void> {
    this.#made += 1;
    const name = `note-${this.#made}`;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { of: name } };
    await this.#try(`write ${name}`, name, () => this.#cluster.api.create(object as unknown as AnyObject));
  }

  async #roll(name: string): Promise<void> {
    this.#made += 1;
    const image = `web:${this.#made}`;
    const patch = { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } };
    this.marks.add('rolled');
    await this.#try(`roll ${name} to ${image}`, name, () =>
      this.#cluster.api.patch(`deployment/${name}`, patch, { type: 'strategic' }),
    );
  }

  async #try(what: string, name: string, request: () => Promise<AnyObject>): Promise<void> {
    this.#say(what);
    const startMs = this.#cluster.nowMs();
    this.counts.add('user requests');
    try {
      const object = await request();
      const revision = Number(object.metadata.resourceVersion ?? 0);
      if (!what.startsWith('delete')) this.acknowledged.push({ what, name, revision });
      this.counts.add('user requests done');
    } catch (error) {
      const code = error instanceof StatusError ? error.status.code : undefined;
      const tookMs = (this.#cluster.nowMs() - startMs).toFixed(0);
      this.#say(`${what} failed with ${code} after ${tookMs} ms: ${String(error)}`);
      if (code !== undefined && expectedCodes.has(code)) this.marks.add(`answer ${code}`);
      else this.violations.push(`${what} failed unclearly: ${String(error)}`);
    }
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
