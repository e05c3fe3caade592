/**
 * How a cluster begins: every founding replica starts from the same empty snapshot at index 1, whose membership is the founders. A replica that
 * joins later starts with an empty log (`emptyStart`) and gets that snapshot, or a newer one, from the leader: so no membership has to be
 * told to it by hand, where an outdated one would be dangerous.
 */
import { assert } from '../base/assert.ts';
import type { RestoredLog } from './log.ts';
import { noIndex } from './log-index.ts';
import { membershipOf } from './membership.ts';
import type { HardState, LogIndex, Membership, Term } from './message.ts';
import { noReplica } from './message.ts';

/** The part of RaftOptions that a replica recovers from its disk. */
export interface RaftStart {
  readonly membership: Membership;
  readonly hardState: HardState;
  readonly log: RestoredLog;
  readonly applied: LogIndex;
}

/** Returns the start of a founding replica; to be made durable before it takes part. */
export function foundingStart(membership: Membership): RaftStart {
  assert(membership.voters.length > 0, 'a cluster is founded by voters', { membership });
  const index = 1 as LogIndex;
  const term = 1 as Term;
  return {
    membership,
    hardState: { term, votedFor: noReplica, commit: index },
    log: { snapshot: { index, term }, entries: [] },
    applied: index,
  };
}

/** Returns the start of a replica that joins a running cluster: it belongs to nothing until the leader tells it. */
export function emptyStart(): RaftStart {
  const term = 0 as Term;
  return {
    membership: membershipOf([]),
    hardState: { term, votedFor: noReplica, commit: noIndex },
    log: { snapshot: { index: noIndex, term }, entries: [] },
    applied: noIndex,
  };
}
