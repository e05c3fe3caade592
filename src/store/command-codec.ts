/**
 * The bytes of a log entry: version (one byte), origin, number of the first command, count, commands. Deterministic and
 * compact; the version comes first, so that a later format can be told apart in an old log.
 */
import { ByteReader } from '../base/byte-reader.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import type { LeaseId, Revision } from '../mvcc/key-value.ts';
import type { ReplicaId } from '../raft/message.ts';
import type { Command, CommandBatch, ProposalNumber, Session } from './command.ts';
import { readList, readTransaction, writeTransaction } from './transaction-codec.ts';

const formatVersion = 1;
const commandTypes: readonly Command['type'][] = [
  'transaction',
  'leaseGrant',
  'leaseRevoke',
  'leaseCheckpoint',
  'compact',
];

/** Encodes one command; a batch is built of such pieces, so that its size is known while it grows. */
export function encodeCommand(command: Command): Uint8Array {
  const writer = new ByteWriter(commandCapacity(command));
  writer.byte(commandTypes.indexOf(command.type));
  switch (command.type) {
    case 'transaction':
      writeTransaction(writer, command.transaction);
      break;
    case 'leaseGrant':
      writer.varint(command.id);
      writer.varint(command.ttlSeconds);
      break;
    case 'leaseRevoke':
      writer.varint(command.id);
      break;
    case 'leaseCheckpoint':
      writer.varint(command.checkpoints.length);
      for (const checkpoint of command.checkpoints) {
        writer.varint(checkpoint.id);
        writer.varint(checkpoint.remainingTtlSeconds);
      }
      break;
    case 'compact':
      writer.varint(command.revision);
  }
  return writer.view();
}

/** Joins encoded commands to the bytes of an entry. */
export function joinBatch(header: Omit<CommandBatch, 'commands'>, encoded: readonly Uint8Array[]): Uint8Array {
  let length = 40;
  for (const part of encoded) length += part.length;
  const writer = new ByteWriter(length);
  writer.byte(formatVersion);
  writer.varint(header.origin.replica);
  writer.varint(header.origin.session);
  writer.varint(header.firstNumber);
  writer.varint(encoded.length);
  for (const part of encoded) writer.raw(part);
  // The buffer was made to measure, and nothing else writes to it: a view saves a copy of every write.
  return writer.view();
}

export function encodeBatch(batch: CommandBatch): Uint8Array {
  return joinBatch(batch, batch.commands.map(encodeCommand));
}

/** Decodes an entry; null when it is malformed. What it returns owns its memory: the entry may be dropped. */
export function decodeBatch(bytes: Uint8Array): CommandBatch | null {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== formatVersion) return null;
  const origin = { replica: reader.varint() as ReplicaId, session: reader.varint() as Session };
  const firstNumber = reader.varint() as ProposalNumber;
  const commands = readList(reader, () => readCommand(reader));
  return reader.isComplete ? { origin, firstNumber, commands } : null;
}

function readCommand(reader: ByteReader): Command {
  const type = commandTypes[reader.byte()];
  switch (type) {
    case 'transaction':
      return { type, transaction: readTransaction(reader) };
    case 'leaseGrant':
      return { type, id: reader.varint() as LeaseId, ttlSeconds: reader.varint() };
    case 'leaseRevoke':
      return { type, id: reader.varint() as LeaseId };
    case 'leaseCheckpoint':
      return { type, checkpoints: readList(reader, () => readCheckpoint(reader)) };
    case 'compact':
      return { type, revision: reader.varint() as Revision };
    default:
      reader.fail();
      return { type: 'compact', revision: 0 as Revision };
  }
}

function readCheckpoint(reader: ByteReader): { id: LeaseId; remainingTtlSeconds: number } {
  const id = reader.varint() as LeaseId;
  return { id, remainingTtlSeconds: reader.varint() };
}

/** A first buffer that most commands fit into without growing. */
function commandCapacity(command: Command): number {
  if (command.type !== 'transaction') return 64;
  let bytes = 128;
  for (const operation of command.transaction.success) {
    bytes += operation.type === 'put' ? operation.key.length + operation.value.length + 32 : 96;
  }
  return bytes;
}
