/**
 * GET of a collection. From the cache where the cache can answer: now, anything, not older than, and at a revision since which the
 * resource has not changed; else from the store's history. Pages of one list are all at the revision of the first.
 * Models apiserver pkg/storage/cacher/cacher.go GetList and pkg/storage/etcd3/store.go GetList.
 */
import type { Flow } from '../actor/flow.ts';
import type { ListOptions } from '../api/request.ts';
import { badRequest, expiredList, isExpired } from '../api/status-errors.ts';
import { listOptions } from '../http/options.ts';
import { type KeyRange, prefixRange } from '../mvcc/key-range.ts';
import type { Revision } from '../mvcc/key-value.ts';
import { rangeQuery } from '../mvcc/transaction.ts';
import { type Answer, complete } from './answer.ts';
import { CacheEntry } from './cache-entry.ts';
import { type Call, callForm, callSelection } from './call.ts';
import { namespacePrefix } from './catalog.ts';
import { formatContinue, inconsistentRevision, parseContinue } from './continue-token.ts';
import type { Environment } from './environment.ts';
import { renderedList } from './form.ts';
import { freshen } from './get.ts';
import { historyPageKeys } from './limits.ts';
import { awaitRevision, parseResourceVersion } from './revision-text.ts';
import { isUnfiltered, type Selection, selects } from './selection.ts';
import { readRange } from './store-client.ts';

/** One page of what a list selects. */
export interface Page {
  readonly revision: number;
  readonly entries: readonly CacheEntry[];
  /** The key at which the next page begins; null when this is the last. */
  readonly next: string | null;
  /** How many objects the following pages have, if that is known. */
  readonly remaining: number | undefined;
}

export function* handleList(environment: Environment, call: Call): Flow<Answer> {
  const options = listOptions(call.query);
  const selection = callSelection(call, options);
  const page = yield* readPage(environment, call, options, selection);
  const { prefix } = call.served.stored;
  const token =
    page.next === null ? '' : formatContinue({ revision: page.revision, start: page.next.slice(prefix.length) });
  const metadata = {
    resourceVersion: String(page.revision),
    ...(token === '' ? {} : { continue: token }),
    ...(page.remaining === undefined || token === '' ? {} : { remainingItemCount: page.remaining }),
  };
  const form = callForm(call, options.includeObject);
  const items = page.entries.map((entry) => entry.bytes);
  return complete(200, renderedList(environment, form, items, metadata));
}

/** Reads one page, at the revision that the options or the continue token name. */
export function* readPage(
  environment: Environment,
  call: Call,
  options: ListOptions,
  selection: Selection,
): Flow<Page> {
  const { cache } = environment;
  if (options.continue !== '') {
    return yield* readNext(environment, call, options, selection);
  }
  if (options.resourceVersionMatch === 'Exact') {
    const revision = parseResourceVersion(options.resourceVersion);
    yield* awaitRevision(environment, revision);
    return yield* readAt(environment, call, selection, revision, null, options.limit);
  }
  yield* freshen(environment, options.resourceVersion);
  return pageFromCache(environment, call, selection, null, options.limit, cache.revision);
}

function* readNext(environment: Environment, call: Call, options: ListOptions, selection: Selection): Flow<Page> {
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const { revision, start } = parseContinue(options.continue);
  const from = call.served.stored.prefix + start;
  if (revision === inconsistentRevision) {
    yield* freshen(environment, '');
    return pageFromCache(environment, call, selection, from, options.limit, environment.cache.revision);
  }
  yield* awaitRevision(environment, revision);
  try {
    return yield* readAt(environment, call, selection, revision, from, options.limit);
  } catch (error: unknown) {
    throw isExpired(error) ? expiredList(formatContinue({ revision: inconsistentRevision, start })) : error;
  }
}

function* readAt(
  environment: Environment,
  call: Call,
  selection: Selection,
  revision: number,
  from: string | null,
  limit: number,
): Flow<Page> {
  if (environment.cache.isUnchangedSince(call.served.stored, revision)) {
    return pageFromCache(environment, call, selection, from, limit, revision);
  }
  return yield* pageFromHistory(environment, call, selection, revision, from, limit);
}

function pageFromCache(
  { cache }: Environment,
  call: Call,
  selection: Selection,
  from: string | null,
  limit: number,
  revision: number,
): Page {
  const { stored } = call.served;
  const entries: CacheEntry[] = [];
  let next: string | null = null;
  let remaining = 0;
  const countsRemaining = isUnfiltered(selection);
  cache.scan(stored, selection, from, (entry) => {
    if (limit === 0 || entries.length < limit) {
      entries.push(entry);
      return true;
    }
    next ??= entry.key;
    remaining += 1;
    return countsRemaining;
  });
  return { revision, entries, next, remaining: countsRemaining ? remaining : undefined };
}

/** Reads from the store at `revision`, page by page until enough objects are selected. */
function* pageFromHistory(
  environment: Environment,
  call: Call,
  selection: Selection,
  revision: number,
  from: string | null,
  limit: number,
): Flow<Page> {
  const { stored } = call.served;
  const whole = prefixRange(namespacePrefix(stored, selection.namespace));
  const entries: CacheEntry[] = [];
  let start = from !== null && from > whole.start ? from : whole.start;
  for (;;) {
    const pageKeys = limit === 0 ? historyPageKeys : Math.min(historyPageKeys, limit + 1);
    const reply = yield* readHistory(environment, { start, end: whole.end }, revision, pageKeys);
    for (const [index, keyValue] of reply.keyValues.entries()) {
      const owner = environment.catalog.ownerOf(keyValue.key);
      if (owner === undefined) continue;
      const entry = new CacheEntry(owner, keyValue);
      if (!selects(selection, entry)) continue;
      if (limit > 0 && entries.length === limit) {
        const remaining = isUnfiltered(selection) ? reply.count - index : undefined;
        return { revision, entries, next: entry.key, remaining };
      }
      entries.push(entry);
    }
    const last = reply.keyValues.at(-1);
    if (!reply.more || last === undefined) return { revision, entries, next: null, remaining: undefined };
    start = `${last.key}\0`;
  }
}

function* readHistory(
  environment: Environment,
  range: KeyRange,
  revision: number,
  limit: number,
): ReturnType<typeof readRange> {
  return yield* readRange(environment, rangeQuery(range, { revision: revision as Revision, limit }));
}
