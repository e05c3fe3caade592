/** The bytes of a transaction in a log entry. Deterministic: equal transactions have equal bytes. */
import type { ByteReader } from '../base/byte-reader.ts';
import type { ByteWriter } from '../base/byte-writer.ts';
import type { KeyRange } from '../mvcc/key-range.ts';
import { isSingleKey } from '../mvcc/key-range.ts';
import type { LeaseId, Revision } from '../mvcc/key-value.ts';
import type { Compare, CompareOperator, Operation, Transaction } from '../mvcc/transaction.ts';
import { transactionDepthMax } from './limits.ts';

const compareTypes: readonly Compare['type'][] = ['version', 'createRevision', 'modRevision', 'lease', 'value'];
const operators: readonly CompareOperator[] = ['=', '!=', '<', '>'];
const operationTypes: readonly Operation['type'][] = ['put', 'deleteRange', 'range', 'transaction'];

export function writeTransaction(writer: ByteWriter, transaction: Transaction): void {
  writer.varint(transaction.compares.length);
  for (const compare of transaction.compares) writeCompare(writer, compare);
  writeOperations(writer, transaction.success);
  writeOperations(writer, transaction.failure);
}

/** Reads a transaction; values are copies that own their memory. The reader fails on malformed bytes. */
export function readTransaction(reader: ByteReader, depth = 0): Transaction {
  if (depth > transactionDepthMax) reader.fail();
  return {
    compares: readList(reader, () => readCompare(reader)),
    success: readList(reader, () => readOperation(reader, depth)),
    failure: readList(reader, () => readOperation(reader, depth)),
  };
}

/** Reads a count and so many items; stops early when the reader fails, so that a damaged count costs nothing. */
export function readList<Item>(reader: ByteReader, readItem: () => Item): Item[] {
  const items: Item[] = [];
  const count = reader.varint();
  for (let index = 0; index < count && !reader.failed; index += 1) items.push(readItem());
  return items;
}

function writeOperations(writer: ByteWriter, operations: readonly Operation[]): void {
  writer.varint(operations.length);
  for (const operation of operations) writeOperation(writer, operation);
}

function writeCompare(writer: ByteWriter, compare: Compare): void {
  writer.byte(compareTypes.indexOf(compare.type));
  writer.byte(operators.indexOf(compare.operator));
  writeRange(writer, compare.range);
  if (compare.type === 'value') writer.bytes(compare.operand);
  else writer.varint(compare.operand);
}

function readCompare(reader: ByteReader): Compare {
  const type = choose(reader, compareTypes);
  const operator = choose(reader, operators);
  const range = readRange(reader);
  if (type === 'value') return { type, operator, range, operand: reader.ownedBytes() };
  return { type, operator, range, operand: reader.varint() };
}

function writeOperation(writer: ByteWriter, operation: Operation): void {
  writer.byte(operationTypes.indexOf(operation.type));
  switch (operation.type) {
    case 'put':
      writer.binaryString(operation.key);
      writer.bytes(operation.value);
      writer.varint(operation.lease);
      writer.byte(flags(operation.ignoreValue, operation.ignoreLease, operation.previous));
      return;
    case 'deleteRange':
      writeRange(writer, operation.range);
      writer.byte(flags(operation.previous));
      return;
    case 'range':
      writeRange(writer, operation.query.range);
      writer.varint(operation.query.revision);
      writer.varint(operation.query.limit);
      writer.byte(flags(operation.query.keysOnly, operation.query.countOnly));
      return;
    case 'transaction':
      writeTransaction(writer, operation.transaction);
  }
}

function readOperation(reader: ByteReader, depth: number): Operation {
  const type = choose(reader, operationTypes);
  switch (type) {
    case 'put': {
      const put = { type, key: reader.binaryString(), value: reader.ownedBytes(), lease: reader.varint() as LeaseId };
      const [ignoreValue, ignoreLease, previous] = readFlags(reader, 3);
      return {
        ...put,
        ignoreValue: ignoreValue === true,
        ignoreLease: ignoreLease === true,
        previous: previous === true,
      };
    }
    case 'deleteRange': {
      const range = readRange(reader);
      return { type, range, previous: readFlags(reader, 1)[0] === true };
    }
    case 'range': {
      const query = { range: readRange(reader), revision: reader.varint() as Revision, limit: reader.varint() };
      const [keysOnly, countOnly] = readFlags(reader, 2);
      return { type, query: { ...query, keysOnly: keysOnly === true, countOnly: countOnly === true } };
    }
    case 'transaction':
      return { type, transaction: readTransaction(reader, depth + 1) };
  }
}

/** A single key is by far the commonest range, so its end is not written. 0: single key, 1: no end, 2: an end follows. */
function writeRange(writer: ByteWriter, range: KeyRange): void {
  writer.binaryString(range.start);
  if (isSingleKey(range)) writer.byte(0);
  else if (range.end === null) writer.byte(1);
  else {
    writer.byte(2);
    writer.binaryString(range.end);
  }
}

function readRange(reader: ByteReader): KeyRange {
  const start = reader.binaryString();
  const form = reader.byte();
  if (form === 0) return { start, end: `${start}\0` };
  if (form > 2) reader.fail();
  return { start, end: form === 1 ? null : reader.binaryString() };
}

function flags(...values: readonly boolean[]): number {
  return values.reduce((bits, value, index) => (value ? bits | (1 << index) : bits), 0);
}

function readFlags(reader: ByteReader, count: number): readonly boolean[] {
  const bits = reader.byte();
  if (bits >> count !== 0) reader.fail();
  return Array.from({ length: count }, (_, index) => (bits & (1 << index)) !== 0);
}

/** Reads an index into `values`; a bad one fails the reader and yields the first. */
function choose<Value>(reader: ByteReader, values: readonly Value[]): Value {
  const chosen = values[reader.byte()];
  if (chosen === undefined) reader.fail();
  return chosen ?? (values[0] as Value);
}
