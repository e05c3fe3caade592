/** Runs the commands of a transcript against one Mvcc, and writes what happened. The grammar is that of the .txt files beside. */
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import type { Event } from '../../../src/mvcc/event.ts';
import { everyKey, type KeyRange, prefixRange, singleKey } from '../../../src/mvcc/key-range.ts';
import type { KeyValue, LeaseId, Revision } from '../../../src/mvcc/key-value.ts';
import { Mvcc } from '../../../src/mvcc/mvcc.ts';
import {
  type Compare,
  type CompareOperator,
  type Operation,
  type OperationResult,
  putOperation,
  rangeQuery,
} from '../../../src/mvcc/transaction.ts';
import type { WatcherId } from '../../../src/mvcc/watcher.ts';

export class Transcript {
  readonly #mvcc = new Mvcc({ quotaBytes: 4000 });
  readonly #watchers = new Map<string, WatcherId>();

  /** Carries out one command line and returns its output. */
  run(line: string): string {
    const [command = '', ...words] = line.split(' ');
    switch (command) {
      case 'put':
      case 'delete':
      case 'txn':
        return this.#transact(line);
      case 'get':
        return this.#get(words);
      case 'grant':
        return describe(this.#mvcc.leaseGrant(Number(words[0]) as LeaseId, 10));
      case 'revoke':
        return `${describe(this.#mvcc.leaseRevoke(Number(words[0]) as LeaseId))} revision ${this.#mvcc.revision}`;
      case 'compact':
        return describe(this.#mvcc.compact(Number(words[0]) as Revision));
      case 'watch':
        return this.#watch(words);
      case 'ready':
        return this.#names(this.#mvcc.watches.takeReady()).join(' ') || '(none)';
      case 'pull':
        return this.#pull(words);
      case 'progress':
        return String(this.#mvcc.watches.progress(this.#id(words)));
      case 'state':
        return `revision ${this.#mvcc.revision} compacted ${this.#mvcc.compactRevision} keys ${this.#mvcc.keyspace.liveKeys} leases ${this.#mvcc.leases.size}`;
      default:
        return `unknown command ${command}`;
    }
  }

  #transact(line: string): string {
    const isTransaction = line.startsWith('txn ');
    const [condition = '', success = '', failure = ''] = (isTransaction ? line.slice(4) : ` ? ${line}`).split(
      / ?[?:] ?/,
    );
    const result = this.#mvcc.transact({
      compares: condition.trim() === '' ? [] : condition.split(' & ').map(parseCompare),
      success: parseOperations(success),
      failure: parseOperations(failure),
    });
    if (result.type !== 'transaction') return describe(result);
    const outcomes = result.results.map(describeResult).join('; ');
    return `${isTransaction ? `${result.succeeded} ` : ''}revision ${this.#mvcc.revision}${outcomes === '' ? '' : `: ${outcomes}`}`;
  }

  #get(words: readonly string[]): string {
    const options = Object.fromEntries(words.slice(1).map((word) => word.split('='))) as Record<string, string>;
    const result = this.#mvcc.range(
      rangeQuery(parseRange(words[0] ?? ''), {
        revision: Number(options['revision'] ?? 0) as Revision,
        limit: Number(options['limit'] ?? 0),
        keysOnly: options['keysOnly'] === 'true',
        countOnly: options['countOnly'] === 'true',
      }),
    );
    if (result.type !== 'range') return describe(result);
    return [`count ${result.count}${result.more ? ' more' : ''}`, ...result.keyValues.map(describeKeyValue)].join('\n');
  }

  #watch(words: readonly string[]): string {
    const [name = '', range = '', ...flags] = words;
    const from = flags.find((flag) => flag.startsWith('from='))?.slice(5) ?? '0';
    const id = this.#mvcc.watches.watch({
      range: parseRange(range),
      startRevision: Number(from) as Revision,
      noPut: flags.includes('noPut'),
      noDelete: flags.includes('noDelete'),
      previous: flags.includes('previous'),
      fragment: flags.includes('fragment'),
    });
    this.#watchers.set(name, id);
    return 'watching';
  }

  #pull(words: readonly string[]): string {
    const result = this.#mvcc.watches.pull(this.#id(words), Number(words[1] ?? 100), Number(words[2] ?? 1e9));
    if (result.type === 'cancelled') return `cancelled: compacted ${result.compactRevision}`;
    const end = `through ${result.throughRevision}${result.fragment ? ' fragment' : ''}${result.more ? ' more' : ''}`;
    return [...result.events.map(describeEvent), end].join('\n');
  }

  #id(words: readonly string[]): WatcherId {
    const id = this.#watchers.get(words[0] ?? '');
    if (id === undefined) throw new Error(`no watcher ${words[0]}`);
    return id;
  }

  #names(ids: readonly WatcherId[]): string[] {
    return ids.map((id) => [...this.#watchers].find(([, other]) => other === id)?.[0] ?? String(id));
  }
}

function parseRange(text: string): KeyRange {
  if (text === '*') return everyKey;
  if (text.endsWith('*')) return prefixRange(text.slice(0, -1));
  const [start = '', end] = text.split('..');
  return end === undefined ? singleKey(start) : { start, end: end === '' ? null : end };
}

function parseCompare(text: string): Compare {
  const match = /^(\w+)\(([^)]*)\) (=|!=|<|>) (\S+)$/.exec(text.trim());
  if (match === null) throw new Error(`compare ${text}`);
  const [, type = '', range = '', operator = '', operand = ''] = match;
  const common = { range: parseRange(range), operator: operator as CompareOperator };
  if (type === 'value') return { type, ...common, operand: utf8(operand) };
  return { type: type as 'version', ...common, operand: Number(operand) };
}

function parseOperations(text: string): Operation[] {
  if (text.trim() === '') return [];
  return text.split(';').map((part) => parseOperation(part.trim().split(' ')));
}

function parseOperation(words: readonly string[]): Operation {
  const [type, target = '', value = '', ...flags] = words;
  if (type === 'delete') return { type: 'deleteRange', range: parseRange(target), previous: value === 'previous' };
  if (type === 'get') {
    const revision = Number(value.replace('revision=', '') || 0) as Revision;
    return { type: 'range', query: rangeQuery(parseRange(target), { revision }) };
  }
  const lease = Number(flags.find((flag) => flag.startsWith('lease='))?.slice(6) ?? 0) as LeaseId;
  return putOperation(target, utf8(value), {
    lease,
    previous: flags.includes('previous'),
    ignoreValue: flags.includes('ignoreValue'),
    ignoreLease: flags.includes('ignoreLease'),
  });
}

function describe(value: { readonly type: string }): string {
  const { type, ...rest } = value;
  const fields = Object.entries(rest).map(([name, field]) => `${name} ${String(field)}`);
  return [type, ...fields].join(' ');
}

function describeKeyValue({ key, value, createRevision, modRevision, version, lease }: KeyValue): string {
  const place = `create ${createRevision} mod ${modRevision} version ${version}`;
  return `${key}=${utf8Text(value)} ${place}${lease === 0 ? '' : ` lease ${lease}`}`;
}

function describeEvent(event: Event): string {
  const previous = event.previous === null ? '' : ` (was ${utf8Text(event.previous.value)})`;
  const { key, value, modRevision } = event.keyValue;
  return `${modRevision} ${event.type} ${key}${event.type === 'put' ? `=${utf8Text(value)}` : ''}${previous}`;
}

function describeResult(result: OperationResult): string {
  switch (result.type) {
    case 'put':
      return result.previous === null ? 'put' : `put (was ${utf8Text(result.previous.value)})`;
    case 'deleteRange':
      return `deleted ${[result.deleted, ...result.previous.map((keyValue) => keyValue.key)].join(' ')}`;
    case 'range':
      return `got ${result.range.keyValues.map((keyValue) => `${keyValue.key}=${utf8Text(keyValue.value)}`).join(' ')}`;
    case 'transaction':
      return `${result.succeeded} (${result.results.map(describeResult).join('; ')})`;
  }
}
