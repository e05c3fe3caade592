/** A log entry comes back as it was written, has one form only, and damaged bytes are refused, never thrown at. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyRange } from '../../../src/mvcc/key-range.ts';
import type { LeaseId, Revision } from '../../../src/mvcc/key-value.ts';
import type { Compare, Operation, Transaction } from '../../../src/mvcc/transaction.ts';
import type { ReplicaId } from '../../../src/raft/message.ts';
import type { Command, CommandBatch, ProposalNumber, Session } from '../../../src/store/command.ts';
import { decodeBatch, encodeBatch } from '../../../src/store/command-codec.ts';

const key = fc.string({ unit: fc.nat(255).map((unit) => String.fromCharCode(unit)), maxLength: 6 });
const bytes = fc.uint8Array({ maxLength: 20 });
const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const revision = number.map((value) => value as Revision);
const lease = number.map((value) => value as LeaseId);
const range: fc.Arbitrary<KeyRange> = fc.oneof(
  key.map((start) => ({ start, end: `${start}\0` })),
  fc.record({ start: key, end: fc.option(key) }),
);
const operator = fc.constantFrom('=', '!=', '<', '>' as const);
const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({
    type: fc.constantFrom('version', 'createRevision', 'modRevision', 'lease' as const),
    operator,
    range,
    operand: number,
  }),
  fc.record({ type: fc.constant('value' as const), operator, range, operand: bytes }),
);
const { transaction } = fc.letrec<{ transaction: Transaction; operation: Operation }>((tie) => ({
  operation: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      type: fc.constant('put' as const),
      key,
      value: bytes,
      lease,
      ignoreValue: fc.boolean(),
      ignoreLease: fc.boolean(),
      previous: fc.boolean(),
    }),
    fc.record({ type: fc.constant('deleteRange' as const), range, previous: fc.boolean() }),
    fc.record({
      type: fc.constant('range' as const),
      query: fc.record({ range, revision, limit: number, keysOnly: fc.boolean(), countOnly: fc.boolean() }),
    }),
    fc.record({ type: fc.constant('transaction' as const), transaction: tie('transaction') }),
  ),
  transaction: fc.record({
    compares: fc.array(compare, { maxLength: 2 }),
    success: fc.array(tie('operation'), { maxLength: 2, depthIdentifier: 'transaction' }),
    failure: fc.array(tie('operation'), { maxLength: 2, depthIdentifier: 'transaction' }),
  }),
}));
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('transaction' as const), transaction }),
  fc.record({ type: fc.constant('leaseGrant' as const), id: lease, ttlSeconds: number }),
  fc.record({ type: fc.constant('leaseRevoke' as const), id: lease }),
  fc.record({
    type: fc.constant('leaseCheckpoint' as const),
    checkpoints: fc.array(fc.record({ id: lease, remainingTtlSeconds: number }), { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('compact' as const), revision }),
);
const batch: fc.Arbitrary<CommandBatch> = fc.record({
  origin: fc.record({
    replica: number.map((value) => value as ReplicaId),
    session: number.map((value) => value as Session),
  }),
  firstNumber: number.map((value) => value as ProposalNumber),
  commands: fc.array(command, { maxLength: 4 }),
});

test('every batch comes back as it was', () => {
  fc.assert(
    fc.property(batch, (original) => {
      expect(decodeBatch(encodeBatch(original))).toEqual(original);
    }),
    { numRuns: 300 },
  );
});

test('whatever decodes from damaged bytes encodes to exactly those bytes: there is one form only', () => {
  fc.assert(
    fc.property(batch, fc.nat(), fc.nat(255), fc.boolean(), (original, position, byte, isCut) => {
      const damaged = encodeBatch(original);
      const at = position % damaged.length;
      damaged[at] = byte;
      const input = isCut ? damaged.subarray(0, at) : damaged;
      const decoded = decodeBatch(input);
      if (decoded !== null) expect(encodeBatch(decoded)).toEqual(input);
    }),
    { numRuns: 500 },
  );
});

test('what is decoded does not hold on to the entry', () => {
  const value = new Uint8Array([1, 2, 3]);
  const put = { type: 'put', key: 'k', value, lease: 0, ignoreValue: false, ignoreLease: false, previous: false };
  const entry = encodeBatch({
    origin: { replica: 1 as ReplicaId, session: 1 as Session },
    firstNumber: 1 as ProposalNumber,
    commands: [{ type: 'transaction', transaction: { compares: [], success: [put as Operation], failure: [] } }],
  });
  const decoded = decodeBatch(entry);
  entry.fill(0);
  const [first] = decoded?.commands ?? [];
  const operation = first?.type === 'transaction' ? first.transaction.success[0] : undefined;
  expect(operation?.type === 'put' ? [...operation.value] : null).toEqual([1, 2, 3]);
});
