/**
 * What a user asks of a cluster under faults. A request may fail for want of a majority or of an API server, and then says so with 503 or 504;
 * every other surprise is a violation.
 */
import { type Cluster, StatusError } from '../../../actors/cluster/index.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import { Tally } from '../tally.ts';

/** A write that was acknowledged: it must be in the chronicle. */
export interface Acknowledged {
  readonly what: string;
  readonly name: string;
  readonly revision: number;
}

/** Where a run keeps what it learns. */
export interface Findings {
  readonly marks: Tally;
  readonly violations: string[];
  readonly say: (line: string) => void;
}

/**
 * 409: somebody else was faster; 404: it was deleted meanwhile, or an earlier create of unknown outcome was not done; 429: a disruption
 * budget forbids it.
 */
const expectedCodes = new Set([404, 409, 429, 503, 504]);

export class Attempts {
  readonly acknowledged: Acknowledged[] = [];
  readonly counts = new Tally();
  readonly findings: Findings;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, findings: Findings) {
    this.#cluster = cluster;
    this.findings = findings;
  }

  /** Returns whether the request was acknowledged. */
  async try(what: string, name: string, request: () => Promise<AnyObject>): Promise<boolean> {
    const { marks, violations, say } = this.findings;
    say(what);
    const startMs = this.#cluster.nowMs();
    this.counts.add('user requests');
    try {
      const object = await request();
      const revision = Number(object.metadata.resourceVersion ?? 0);
      if (revision > 0 && !what.startsWith('delete')) this.acknowledged.push({ what, name, revision });
      this.counts.add('user requests done');
      return true;
    } catch (error) {
      const code = error instanceof StatusError ? error.status.code : undefined;
      const tookMs = (this.#cluster.nowMs() - startMs).toFixed(0);
      say(`${what} failed with ${code} after ${tookMs} ms: ${String(error)}`);
      if (code !== undefined && expectedCodes.has(code)) marks.add(`answer ${code}`);
      else violations.push(`${what} failed unclearly: ${String(error)}`);
      return false;
    }
  }

  /** Writes a small object, for the answer's sake. */
  async write(name: string): Promise<void> {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { of: name } };
    await this.try(`write ${name}`, name, () => this.#cluster.api.create(object as unknown as AnyObject));
  }
}
