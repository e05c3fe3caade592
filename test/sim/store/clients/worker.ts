/** A client that reads and writes: puts, gets, swaps, deletes, pairs in one transaction, stale and historic reads, compactions. */
import { type Flow, sleep } from '../../../../src/actor/flow.ts';
import { utf8, utf8Text } from '../../../../src/base/bytes.ts';
import { prefixRange, singleKey } from '../../../../src/mvcc/key-range.ts';
import type { Revision } from '../../../../src/mvcc/key-value.ts';
import { type Compare, putOperation, rangeQuery, type Transaction } from '../../../../src/mvcc/transaction.ts';
import type { StoreReply } from '../../../../src/store/store-request.ts';
import type { OperationRecord, Outcome } from '../evidence.ts';
import { type Answer, type ClientContext, request } from './client.ts';

export const workKeys = prefixRange('key/');

/** What one worker remembers. */
interface Worker {
  readonly context: ClientContext;
  readonly id: string;
  /** Last value and version seen of each key. */
  readonly seen: Map<string, { readonly value: string | null; readonly modRevision: number }>;
  written: number;
}

const actions = [
  'put',
  'put',
  'put',
  'get',
  'get',
  'get',
  'cas',
  'cas',
  'delete',
  'pair',
  'list',
  'stale',
  'past',
] as const;

export function* work(context: ClientContext, id: string): Flow<void> {
  const worker: Worker = { context, id, seen: new Map(), written: 0 };
  const { random, swarm } = context;
  while (!context.isOver()) {
    if (random.chance(swarm.compactChance)) yield* compact(context);
    else if (random.chance(0.005)) yield* transfer(context);
    else yield* act(worker, random.pick(actions));
    yield* sleep(random.fraction() * swarm.thinkMaxMs);
  }
}

function* act(worker: Worker, action: (typeof actions)[number]): Flow<void> {
  const key = keyOf(worker.context);
  switch (action) {
    case 'put':
      return yield* write(worker, key, 'put', []);
    case 'get':
      return yield* get(worker, key);
    case 'cas':
      return yield* swap(worker, key);
    case 'delete':
      return yield* write(worker, key, 'delete', []);
    case 'pair':
      return yield* write(worker, key, 'pair', []);
    case 'list':
      return yield* list(worker, false, 0);
    case 'stale':
      return yield* list(worker, true, 0);
    case 'past':
      return yield* list(worker, worker.context.random.chance(0.5), worker.context.random.integer(0, 40));
  }
}

function keyOf({ random, swarm }: ClientContext): string {
  return `key/${random.integer(1, swarm.keys)}`;
}

function* swap(worker: Worker, key: string): Flow<void> {
  const seen = worker.seen.get(key) ?? { value: null, modRevision: 0 };
  const range = singleKey(key);
  const byValue: Compare = { type: 'value', range, operator: '=', operand: utf8(seen.value ?? '') };
  const byRevision: Compare = { type: 'modRevision', range, operator: '=', operand: seen.modRevision };
  const isByValue = seen.value !== null && worker.context.random.chance(0.5);
  yield* write(worker, key, 'cas', [isByValue ? byValue : byRevision]);
}

function* write(worker: Worker, key: string, op: OperationRecord['op'], compares: readonly Compare[]): Flow<void> {
  const { context } = worker;
  const value = op === 'delete' ? null : nextValue(worker);
  const other = op === 'pair' ? { key: `${key}/pair`, value: nextValue(worker) } : null;
  const expected = worker.seen.get(key)?.value ?? null;
  const record = begin(worker, { op, key, value, expected, other });
  const read = { type: 'range', query: rangeQuery(singleKey(key)) } as const;
  const success: Transaction['success'] =
    value === null
      ? [{ type: 'deleteRange', range: singleKey(key), previous: false }]
      : [putOperation(key, utf8(value)), ...(other === null ? [] : [putOperation(other.key, utf8(other.value))])];
  const answer = yield* request(context, { type: 'transaction', transaction: { compares, success, failure: [read] } });
  record.returned = context.evidence.nextOrder();
  record.outcome = outcomeOf(answer, ({ revision, reply }) => {
    if (reply.type !== 'transaction') throw new Error(`${reply.type} in answer to a transaction`);
    const [result] = reply.results;
    const found = result?.type === 'range' ? result.range.keyValues[0] : undefined;
    if (!reply.succeeded) see(worker, key, found === undefined ? null : utf8Text(found.value), found?.modRevision ?? 0);
    else if (value !== null || (result?.type === 'deleteRange' && result.deleted > 0)) {
      see(worker, key, value, value === null ? 0 : revision);
    }
    const ok = result?.type === 'deleteRange' ? result.deleted > 0 : reply.succeeded;
    return { ok, read: null };
  });
}

function* get(worker: Worker, key: string): Flow<void> {
  const { context } = worker;
  const record = begin(worker, { op: 'get', key, value: null, expected: null, other: null });
  const answer = yield* request(context, { type: 'range', query: rangeQuery(singleKey(key)), serializable: false });
  record.returned = context.evidence.nextOrder();
  record.outcome = outcomeOf(answer, ({ reply }) => {
    if (reply.type !== 'range') throw new Error(`${reply.type} in answer to a range`);
    const [found] = reply.keyValues;
    const read = found === undefined ? null : utf8Text(found.value);
    see(worker, key, read, found?.modRevision ?? 0);
    return { ok: true, read };
  });
}

/** Reads all keys: now and linearizably, as this replica has them, or as they were `back` revisions ago. */
function* list({ context }: Worker, serializable: boolean, back: number): Flow<void> {
  const { evidence, random } = context;
  const { knownRevision } = evidence;
  const asked = back === 0 ? 0 : Math.max(1, knownRevision - back);
  const limit = random.pick([0, 0, 2]);
  const query = rangeQuery(workKeys, { revision: asked as Revision, limit });
  const answer = yield* request(context, { type: 'range', query, serializable });
  if (answer.type === 'failed' || answer.reply.type !== 'range') return;
  const { revision, keyValues, count } = answer.reply;
  const found = keyValues.map(({ key, value, modRevision }) => ({ key, value: utf8Text(value), modRevision }));
  evidence.ranges.push({
    range: workKeys,
    revision: asked === 0 ? revision : asked,
    found,
    limit,
    count,
    knownRevision: serializable || asked !== 0 ? null : knownRevision,
  });
}

function* compact(context: ClientContext): Flow<void> {
  const back = context.random.pick([0, 5, 30]);
  const revision = Math.max(1, context.evidence.knownRevision - back) as Revision;
  const answer = yield* request(context, { type: 'compact', revision });
  if (answer.type === 'reply') context.evidence.marks.add('history compacted');
}

function* transfer(context: ClientContext): Flow<void> {
  const to = context.random.integer(1, context.swarm.replicas);
  yield* request(context, { type: 'transferLeadership', to: to as never });
}

function begin(
  { context, id }: Worker,
  what: Pick<OperationRecord, 'op' | 'key' | 'value' | 'expected' | 'other'>,
): OperationRecord {
  const { evidence } = context;
  const record: OperationRecord = {
    client: id,
    ...what,
    called: evidence.nextOrder(),
    knownRevision: evidence.knownRevision,
    returned: null,
    outcome: { type: 'pending' },
  };
  evidence.operations.push(record);
  return record;
}

function outcomeOf(
  answer: Answer,
  read: (done: { revision: number; reply: StoreReply }) => { ok: boolean; read: string | null },
): Outcome {
  if (answer.type === 'failed') return { type: answer.definite ? 'refused' : 'unknown', code: answer.code };
  const revision = 'revision' in answer.reply ? answer.reply.revision : 0;
  return { type: 'done', revision, ...read({ revision, reply: answer.reply }) };
}

function nextValue(worker: Worker): string {
  worker.written += 1;
  return `${worker.id}-${worker.written}`;
}

function see(worker: Worker, key: string, value: string | null, modRevision: number): void {
  worker.seen.set(key, { value, modRevision });
}
