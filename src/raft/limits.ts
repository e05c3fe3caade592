/**
 * The bounds of one Raft node. Each one turns an unbounded queue into a refusal or a pause, and says which.
 * Sizes of entries are payload bytes plus `entryOverheadBytes`, a stand-in for what the codec adds.
 */
import { assert } from '../base/assert.ts';
import type { Entry } from './message.ts';

export interface RaftLimits {
  /** Entries of one append message; a single larger entry still travels, alone. */
  readonly messageBytesMax: number;
  /** Append messages on their way to one follower; beyond it the leader pauses that follower. */
  readonly inflightMessagesMax: number;
  /** Bytes of entries on their way to one follower; the message that crosses the bound is still sent. */
  readonly inflightBytesMax: number;
  /** Payload bytes appended by a leader and not yet committed; beyond it proposals are dropped, empty ones excepted. */
  readonly uncommittedBytesMax: number;
  /** Committed entries of one Ready; a single larger entry still comes out, alone. */
  readonly committedBytesMax: number;
  /** Read-index requests that wait for a round or its confirmation; beyond it requests are dropped. */
  readonly pendingReadsMax: number;
  /** Ticks taken off the election timeout to make the read lease, for clocks that drift apart. */
  readonly leaseMarginTicks: number;
}

export const defaultRaftLimits: RaftLimits = {
  messageBytesMax: 1024 * 1024,
  inflightMessagesMax: 256,
  inflightBytesMax: 16 * 1024 * 1024,
  uncommittedBytesMax: 64 * 1024 * 1024,
  committedBytesMax: 4 * 1024 * 1024,
  pendingReadsMax: 65_536,
  leaseMarginTicks: 5,
};

export const entryOverheadBytes = 24;

/** Returns what an entry counts against the limits on messages and Readies. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + entryOverheadBytes;
}

/** Throws InvariantError unless every limit is an integer that leaves room for work. */
export function checkLimits(limits: RaftLimits): void {
  assert(Number.isSafeInteger(limits.inflightMessagesMax) && limits.inflightMessagesMax > 0, 'inflight window', {
    inflightMessagesMax: limits.inflightMessagesMax,
  });
  assert(limits.messageBytesMax >= 0 && limits.committedBytesMax >= 0, 'page sizes', { ...limits });
  assert(limits.inflightBytesMax > 0 && limits.uncommittedBytesMax > 0, 'byte windows', { ...limits });
  assert(limits.pendingReadsMax > 0 && limits.leaseMarginTicks >= 0, 'read limits', { ...limits });
}
