/**
 * Histories of puts, gets, compare-and-swaps and deletes, one JSON object per line (facts: history format), and their check. Each key is
 * checked on its own, since linearizability composes per key. Unknown operations may have taken effect at any time after their call, or
 * never; unknown gets say nothing and are passed over, and so are puts that certainly were not applied.
 */
import { checkLinearizable, type Operation } from './checker.ts';
import { type RegisterCall, register } from './register.ts';

export interface HistoryRecord {
  readonly client: string | number | boolean | null;
  readonly op: 'put' | 'get' | 'cas' | 'delete';
  readonly key: string;
  readonly value?: string | null;
  readonly expected?: string | null;
  readonly ok?: boolean;
  readonly call_ns: number;
  readonly return_ns?: number;
  readonly unknown?: boolean;
}

export type HistoryVerdict =
  | { readonly type: 'OK' }
  | { readonly type: 'ILLEGAL'; readonly key: string; readonly stuck: HistoryRecord }
  | { readonly type: 'UNKNOWN'; readonly key: string };

/** Checks all keys; a violation of one counts more than another that could not be decided. */
export function checkHistory(records: Iterable<HistoryRecord>, stepsMax?: number): HistoryVerdict {
  let verdict: HistoryVerdict = { type: 'OK' };
  for (const [key, operations] of byKey(records)) {
    const result = checkLinearizable(register, operations, stepsMax);
    if (result.type === 'ILLEGAL') return { type: 'ILLEGAL', key, stuck: (result.stuck as Recorded).record };
    if (result.type === 'UNKNOWN') verdict = { type: 'UNKNOWN', key };
  }
  return verdict;
}

/** Reads a history file. Throws SyntaxError with the line's number for a line that is none. */
export function parseHistory(text: string): HistoryRecord[] {
  return text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const fault = (reason: string): SyntaxError => new SyntaxError(`line ${index + 1}: ${reason}`);
    let record: HistoryRecord;
    try {
      record = JSON.parse(trimmed) as HistoryRecord;
    } catch (cause) {
      throw new SyntaxError(`line ${index + 1} is not JSON`, { cause });
    }
    const reason = faultOf(record);
    if (reason !== null) throw fault(reason);
    return [record];
  });
}

interface Recorded extends Operation<RegisterCall> {
  readonly record: HistoryRecord;
}

function byKey(records: Iterable<HistoryRecord>): Map<string, Recorded[]> {
  const keys = new Map<string, Recorded[]>();
  for (const record of records) {
    const call = callOf(record);
    if (call === null) continue;
    const operations = keys.get(record.key) ?? [];
    keys.set(record.key, operations);
    const returned = record.unknown === true ? null : (record.return_ns as number);
    operations.push({ call, called: record.call_ns, returned, record });
  }
  return keys;
}

function callOf({ op, value = null, expected = null, ok, unknown = false }: HistoryRecord): RegisterCall | null {
  switch (op) {
    case 'put':
      return ok === false && !unknown ? null : { type: 'put', value: value as string };
    case 'get':
      return unknown ? null : { type: 'get', value };
    case 'cas':
      return { type: 'cas', expected, value: value as string, ok: unknown ? null : (ok as boolean) };
    case 'delete':
      return { type: 'delete', ok: unknown ? null : (ok ?? null) };
  }
}

function faultOf(record: HistoryRecord): string | null {
  if (typeof record !== 'object' || record === null) return 'not an object';
  if (!['put', 'get', 'cas', 'delete'].includes(record.op)) return `unknown op ${record.op}`;
  if (typeof record.key !== 'string') return 'no key';
  if (!Number.isSafeInteger(record.call_ns)) return 'no call_ns';
  const writes = record.op === 'put' || record.op === 'cas';
  if (writes && typeof record.value !== 'string') return `${record.op} without a value`;
  if (record.unknown === true) return null;
  if (!Number.isSafeInteger(record.return_ns)) return 'neither return_ns nor unknown';
  if ((record.return_ns as number) < record.call_ns) return 'it returned before it was called';
  return record.op === 'cas' && typeof record.ok !== 'boolean' ? 'cas without ok' : null;
}
