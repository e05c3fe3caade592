/** Reads and writes against the journal, and against a register per key. */
import { checkHistory, type HistoryRecord } from '../../../linearizability/history.ts';
import type { Evidence, OperationRecord, RangeRecord } from '../evidence.ts';
import type { Journal } from '../journal.ts';

export function checkOperations({ operations, ranges }: Evidence, journal: Journal): string[] {
  return [
    ...operations.flatMap((record) => checkWrite(record, journal) ?? checkRead(record, journal) ?? []),
    ...ranges.flatMap((record) => checkRange(record, journal) ?? []),
    ...checkRegisters(operations, journal),
  ];
}

/** An acknowledged write is where it was said to be, after everything known before; a refused one is nowhere. */
function checkWrite(record: OperationRecord, journal: Journal): string | null {
  const { outcome } = record;
  const writes = [{ key: record.key, value: record.value }, ...(record.other === null ? [] : [record.other])];
  for (const { key, value } of writes) {
    if (value === null) continue;
    const found = journal.writeOf(value);
    const isWritten = outcome.type === 'done' && outcome.ok;
    if (isWritten && (found?.revision !== outcome.revision || found.key !== key)) {
      return `lost write: ${describe(record)}, in the journal ${JSON.stringify(found)}`;
    }
    if (isWritten && outcome.revision <= record.knownRevision) return `a write into the past: ${describe(record)}`;
    const mustBeAbsent = outcome.type === 'refused' || (outcome.type === 'done' && !outcome.ok);
    if (mustBeAbsent && found !== undefined) return `a refused write was applied: ${describe(record)}`;
  }
  if (record.op !== 'delete' || outcome.type !== 'done' || !outcome.ok) return null;
  const deletion = journal.at(outcome.revision)?.changes.find(({ key }) => key === record.key);
  return deletion?.type === 'delete' ? null : `lost deletion: ${describe(record)}`;
}

/** A read saw the state at the revision it names, which is not older than what was known before. */
function checkRead(record: OperationRecord, journal: Journal): string | null {
  const { outcome } = record;
  if (outcome.type !== 'done') return null;
  if (outcome.revision < record.knownRevision) return `a stale answer: ${describe(record)}`;
  if (record.op !== 'get') return null;
  const state = journal.stateOf(record.key, outcome.revision)?.value ?? null;
  return state === outcome.read ? null : `a wrong read: ${describe(record)}, the journal has ${state}`;
}

function checkRange(record: RangeRecord, journal: Journal): string | null {
  const { revision, found, limit, count, knownRevision } = record;
  if (knownRevision !== null && revision < knownRevision) return `a stale list: ${JSON.stringify(record)}`;
  const all = journal.range(record.range, revision);
  const expected = (limit === 0 ? all : all.slice(0, limit)).map(
    (change) => `${change.key}=${change.value}@${change.revision}`,
  );
  const seen = found.map(({ key, value, modRevision }) => `${key}=${value}@${modRevision}`);
  if (seen.join() === expected.join() && count === all.length) return null;
  return `a wrong list at ${revision}: ${seen.join()} (${count}), the journal has ${expected.join()} (${all.length})`;
}

/** Values are unique, so the journal tells which unknown writes were never applied; without them the search is short. */
function checkRegisters(operations: readonly OperationRecord[], journal: Journal): string[] {
  const history = operations.flatMap((record) => historyOf(record, journal));
  const verdict = checkHistory(history);
  if (verdict.type === 'OK') return [];
  if (verdict.type === 'UNKNOWN') return [`the history of ${verdict.key} is too hard to judge`];
  return [`${verdict.key} is not linearizable at ${JSON.stringify(verdict.stuck)}`];
}

function historyOf(record: OperationRecord, journal: Journal): HistoryRecord[] {
  const { client, op, key, value, expected, other, outcome, called, returned } = record;
  if (outcome.type === 'refused') return [];
  const isUnknown = outcome.type !== 'done' || returned === null;
  if (isUnknown && op === 'get') return [];
  if (isUnknown && value !== null && journal.writeOf(value) === undefined) return [];
  const end = isUnknown ? { unknown: true } : { return_ns: returned };
  const base = { client, call_ns: called, ...end };
  const ok = outcome.type === 'done' && outcome.ok;
  switch (op) {
    case 'put':
      return [{ ...base, op, key, value }];
    case 'get':
      return [{ ...base, op, key, value: outcome.type === 'done' ? outcome.read : null }];
    case 'cas':
      return [{ ...base, op, key, value, expected, ok }];
    case 'delete':
      return [{ ...base, op, key, ok }];
    case 'pair': {
      const first: HistoryRecord = { ...base, op: 'put', key, value };
      return other === null ? [first] : [first, { ...base, op: 'put', key: other.key, value: other.value }];
    }
  }
}

function describe(record: OperationRecord): string {
  return JSON.stringify(record);
}
