/**
 * Who watches what. An event is shown only to watchers that may want it: of its namespace, of its name, of the node that its pod is or was
 * on, and those that want everything. So a thousand kubelets, each with a watch of its own pods, cost one look-up per event.
 *
 * Example: a watch of pods with spec.nodeName=node-7 stands under `field:node-7` alone. A pod that is bound to node-7 is offered there (and
 * selected: ADDED); a pod that moved away from it is offered there too, because the event knows what the pod was before.
 */
import type { Effect } from '../actor/effect.ts';
import type { StreamId } from '../actor/input.ts';
import { pinnedField } from '../api/field-selector.ts';
import { must } from '../base/assert.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { StoredResource } from './catalog.ts';
import type { Environment } from './environment.ts';
import type { Selection } from './selection.ts';
import { selectedFrame, type WatchPlan } from './watch.ts';
import type { CacheEvent } from './watch-cache.ts';
import { Watcher } from './watcher.ts';

/** The field whose pinned value is an index of its own, for the resources that are watched by it. */
const indexedFields: ReadonlyMap<string, string> = new Map([['/pods', 'spec.nodeName']]);

type Index = Map<string, Set<Watcher>>;

export class WatchHub {
  readonly #environment: Environment;
  readonly #watchers = new Map<StreamId, Watcher>();
  readonly #byResource = new Map<StoredResource, Index>();
  /** Watchers that may have something to send. */
  readonly #touched = new Set<Watcher>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  get size(): number {
    return this.#watchers.size;
  }

  /** Starts a watch. The cache must not have moved since the plan was made. */
  attach(stream: StreamId, plan: WatchPlan, credit: number): void {
    const watcher = new Watcher(stream, plan, credit);
    this.#watchers.set(stream, watcher);
    this.#touched.add(watcher);
    if (plan.isRefused) return;
    const index = this.#indexOf(plan.form.served.stored);
    const place = placeOf(plan.form.served.stored, plan.selection);
    const sharing = index.get(place);
    if (sharing === undefined) index.set(place, new Set([watcher]));
    else sharing.add(watcher);
  }

  /** Ends a watch whose client is gone. Unknown streams are passed over. */
  detach(stream: StreamId): void {
    const watcher = this.#watchers.get(stream);
    if (watcher === undefined) return;
    this.#watchers.delete(stream);
    this.#touched.delete(watcher);
    if (watcher.plan.isRefused) return;
    const { stored } = watcher.plan.form.served;
    const index = this.#indexOf(stored);
    const place = placeOf(stored, watcher.plan.selection);
    const sharing = must(index.get(place), 'a watcher is indexed');
    sharing.delete(watcher);
    if (sharing.size === 0) index.delete(place);
  }

  /** Returns false for a stream that is no watch. */
  grant(stream: StreamId, messages: number): boolean {
    const watcher = this.#watchers.get(stream);
    if (watcher === undefined) return false;
    watcher.grant(messages);
    this.#touched.add(watcher);
    return true;
  }

  dispatch(changes: readonly CacheEvent[]): void {
    for (const event of changes) {
      const { stored, namespace, name } = must(event.entry ?? event.previous, 'an event is about an object');
      const index = this.#byResource.get(stored);
      if (index === undefined || index.size === 0) continue;
      this.#offer(index.get('all'), event);
      this.#offer(index.get(namespacePlace(namespace)), event);
      this.#offer(index.get(namePlace(namespace, name)), event);
      if (namespace !== '') this.#offer(index.get(namePlace('', name)), event);
      this.#offerByField(index, stored, event);
    }
  }

  /** Tells watchers that are idle how far the cache has come. */
  bookmark(revision: number): void {
    for (const watcher of this.#watchers.values()) if (watcher.bookmark(revision)) this.#touched.add(watcher);
  }

  /** Sends what watchers have room for; to be called once in a turn. */
  flush(): readonly Effect[] {
    if (this.#touched.size === 0) return [];
    const effects: Effect[] = [];
    for (const watcher of this.#touched) {
      const flushed = watcher.flush();
      effects.push(...flushed.effects);
      if (flushed.isOver) this.detach(watcher.stream);
    }
    this.#touched.clear();
    return effects;
  }

  /** Ends a watch that is over for another reason than its client. Unknown streams are passed over. */
  end(stream: StreamId): readonly Effect[] {
    if (!this.#watchers.has(stream)) return [];
    this.detach(stream);
    return [{ type: 'end', stream, reason: 'completed' }];
  }

  /** Ends the watches of custom kinds that are not served any more as they were when the watch began. */
  endStale(): readonly Effect[] {
    const effects: Effect[] = [];
    for (const watcher of this.#watchers.values()) {
      const { info, custom } = watcher.plan.form.served;
      if (custom === null) continue;
      const now = this.#environment.catalog.served(info)?.custom;
      if (now?.version.epoch === custom.version.epoch) continue;
      const { effects: last } = watcher.flush();
      effects.push(...last, ...this.end(watcher.stream));
    }
    return effects;
  }

  /** Ends every watch: what happened in between is not known any more. */
  endAll(): readonly Effect[] {
    return [...this.#watchers.keys()].flatMap((stream) => this.end(stream));
  }

  #indexOf(stored: StoredResource): Index {
    const known = this.#byResource.get(stored);
    if (known !== undefined) return known;
    const index: Index = new Map();
    this.#byResource.set(stored, index);
    return index;
  }

  #offerByField(index: Index, stored: StoredResource, event: CacheEvent): void {
    const field = indexedFieldOf(stored);
    if (field === undefined) return;
    const now = valueOf(event.entry, field);
    const before = valueOf(event.previous, field);
    if (now !== undefined) this.#offer(index.get(fieldPlace(now)), event);
    if (before !== undefined && before !== now) this.#offer(index.get(fieldPlace(before)), event);
  }

  #offer(watchers: ReadonlySet<Watcher> | undefined, event: CacheEvent): void {
    if (watchers === undefined) return;
    for (const watcher of watchers) {
      const { form, selection } = watcher.plan;
      const frame = selectedFrame(this.#environment, form, selection, event);
      if (frame === undefined) continue;
      watcher.push(frame, event.revision);
      this.#touched.add(watcher);
    }
  }
}

/** Returns the one place in the index where a watch stands: the narrowest that its selection allows. */
function placeOf(stored: StoredResource, selection: Selection): string {
  if (selection.name !== '') return namePlace(selection.namespace, selection.name);
  const field = indexedFieldOf(stored);
  const pinned = field === undefined ? undefined : pinnedField(selection.fields, field);
  if (pinned !== undefined) return fieldPlace(pinned);
  return selection.namespace === '' ? 'all' : namespacePlace(selection.namespace);
}

function indexedFieldOf({ info }: StoredResource): string | undefined {
  return indexedFields.get(`${info.group}/${info.resource}`);
}

function valueOf(entry: CacheEntry | null, field: string): string | undefined {
  return entry === null ? undefined : (entry.facts.fields[field] ?? '');
}

function namespacePlace(namespace: string): string {
  return `namespace:${namespace}`;
}

/** An empty namespace: of that name in any. */
function namePlace(namespace: string, name: string): string {
  return `name:${namespace}/${name}`;
}

function fieldPlace(value: string): string {
  return `field:${value}`;
}
