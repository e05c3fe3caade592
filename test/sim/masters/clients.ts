/** Who works with a cluster while its masters come and go: writers of a few keys of the store, and a writer of objects through the API. */
import { type Cluster, StatusError, StoreRequestError, textOf } from '../../../actors/cluster/index.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import type { Random } from '../../../src/base/random.ts';
import { checkHistory, type HistoryRecord } from '../../linearizability/history.ts';
import type { Findings } from '../cluster/attempts.ts';

const keys = ['k/0', 'k/1', 'k/2'];
/** Nobody answers, or the outcome is unknown; 409 is the answer to an attempt whose outcome was. */
const expectedCodes = new Set([409, 429, 503, 504]);

export class MastersClients {
  readonly history: HistoryRecord[] = [];
  readonly #cluster: Cluster;
  readonly #findings: Findings;
  readonly #acknowledged: string[] = [];
  #made = 0;

  constructor(cluster: Cluster, findings: Findings) {
    this.#cluster = cluster;
    this.#findings = findings;
  }

  get acknowledged(): number {
    return this.#acknowledged.length + this.history.filter(({ unknown }) => unknown !== true).length;
  }

  /** One operation on a key of the store. */
  async operate(client: number, random: Random): Promise<void> {
    const key = random.pick(keys);
    const draw = random.fraction();
    this.#made += 1;
    const value = `v${this.#made}`;
    const call_ns = this.#now();
    try {
      if (draw < 0.4) {
        const found = await this.#cluster.store.get(key, { timeoutMs: 2_000 });
        const read = found === undefined ? null : textOf(found);
        this.history.push({ client, op: 'get', key, value: read, call_ns, return_ns: this.#now() });
        return;
      }
      await this.#cluster.store.put(key, utf8(value), { timeoutMs: 2_000 });
      this.history.push({ client, op: 'put', key, value, ok: true, call_ns, return_ns: this.#now() });
    } catch (error) {
      if (!(error instanceof StoreRequestError)) throw error;
      this.#findings.marks.add(`store ${error.code}`);
      if (draw < 0.4 || error.definite) return;
      this.history.push({ client, op: 'put', key, value, call_ns, unknown: true });
    }
  }

  /** Creates one object through the API servers. */
  async create(): Promise<void> {
    this.#made += 1;
    const name = `note-${this.#made}`;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } } as unknown as AnyObject;
    try {
      await this.#cluster.api.create(object);
      this.#acknowledged.push(name);
    } catch (error) {
      const code = error instanceof StatusError ? (error.status.code ?? 0) : 0;
      if (!expectedCodes.has(code)) this.#findings.violations.push(`create ${name} failed unclearly: ${String(error)}`);
      this.#findings.marks.add(`answer ${code}`);
    }
  }

  /** What was acknowledged and is lost, or what no single copy of the data could have answered. */
  async violations(): Promise<string[]> {
    const violations: string[] = [];
    for (const key of keys) {
      const call_ns = this.#now();
      const found = await this.#cluster.store.get(key);
      const value = found === undefined ? null : textOf(found);
      this.history.push({ client: 'end', op: 'get', key, value, call_ns, return_ns: this.#now() });
    }
    const verdict = checkHistory(this.history);
    if (verdict.type !== 'OK') violations.push(`the history of ${verdict.key} is ${JSON.stringify(verdict)}`);
    const present = new Set((await this.#cluster.api.list('configmaps')).map(({ metadata }) => metadata.name));
    for (const name of this.#acknowledged) {
      if (!present.has(name)) violations.push(`${name} was acknowledged and is lost`);
    }
    return violations;
  }

  #now(): number {
    return this.#cluster.nowMs();
  }
}
