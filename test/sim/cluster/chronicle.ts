/**
 * Everything that was ever committed under /registry/, in order: a watch of the store from its beginning, taken up again wherever it ends. What
 * stood when, and what stands now, is read from here, so looking at it disturbs nobody.
 */
import type { Subscription } from 'rxjs';
import type { Cluster } from '../../../actors/cluster/index.ts';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import { utf8Text } from '../../../src/base/bytes.ts';
import type { Event } from '../../../src/mvcc/event.ts';

export interface Entry {
  readonly revision: number;
  /** When the watch told of it. */
  readonly atMs: number;
  readonly key: string;
  readonly resource: string;
  /** Null: deleted. */
  readonly object: KubeObject | null;
  readonly previous: KubeObject | null;
}

const resumeMs = 20;
/** All other groups have a dot in their names. */
const plainGroups = new Set(['apps', 'autoscaling', 'batch', 'policy']);

export class Chronicle {
  readonly entries: Entry[] = [];
  readonly #cluster: Cluster;
  /** By resource, then by key. */
  readonly #now = new Map<string, Map<string, KubeObject>>();
  #lastRevision = 0;
  #subscription: Subscription | null = null;
  #isOver = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#open();
  }

  /** The last revision told. */
  get revision(): number {
    return this.#lastRevision;
  }

  /** Objects that stand now, of one resource: `pods`, `deployments`. */
  now<T extends KubeObject>(resource: string): T[] {
    return [...(this.#now.get(resource)?.values() ?? [])] as T[];
  }

  /** What happened to one resource, in order. */
  of(resource: string): Entry[] {
    return this.entries.filter((entry) => entry.resource === resource);
  }

  close(): void {
    this.#isOver = true;
    this.#subscription?.unsubscribe();
  }

  #open(): void {
    if (this.#isOver) return;
    const again = (): void => void this.#cluster.sleep(resumeMs).then(() => this.#open());
    this.#subscription = this.#cluster.store.watch('/registry/', this.#lastRevision + 1).subscribe({
      next: (event) => this.#take(event),
      error: again,
      complete: again,
    });
  }

  #take({ type, keyValue }: Event): void {
    const { key, modRevision: revision } = keyValue;
    const object = type === 'put' ? (JSON.parse(utf8Text(keyValue.value)) as KubeObject) : null;
    const resource = resourceOf(key);
    const standing = this.#now.get(resource) ?? new Map<string, KubeObject>();
    this.#now.set(resource, standing);
    const previous = standing.get(key) ?? null;
    this.#lastRevision = revision;
    this.entries.push({ revision, atMs: this.#cluster.nowMs(), key, resource, object, previous });
    if (object === null) standing.delete(key);
    else standing.set(key, object);
  }
}

/** Keys are /registry/RESOURCE/... for the core group, and /registry/GROUP/RESOURCE/... for the others. */
export function resourceOf(key: string): string {
  const [, , first = '', second = ''] = key.split('/');
  return plainGroups.has(first) || first.includes('.') ? second : first;
}
