/**
 * How a replica may begin. The rule behind it: a replica never starts under an existing id without its log, because it could vote
 * twice in a term, or take back an acknowledged entry. Lost or damaged logs are refused; such a replica rejoins as a new member.
 */
import { must } from '../base/assert.ts';
import { emptyStart, foundingStart, type RaftStart } from '../raft/bootstrap.ts';
import type { Membership, SnapshotMetadata } from '../raft/message.ts';
import { hasFile } from './disk-plan.ts';
import type { LogRecovery, RecoveredLog } from './log-recovery.ts';

/** What the host means to do. `resume`: the id was used before. */
export type StartIntent =
  | { readonly type: 'found'; readonly membership: Membership }
  | { readonly type: 'join' }
  | { readonly type: 'resume' };

/** `state`: the chunks of the snapshot file that the log names; none if it names an empty store. */
export type ReplicaStart =
  | { readonly type: 'found'; readonly membership: Membership }
  | { readonly type: 'join' }
  | { readonly type: 'recovered'; readonly log: RecoveredLog; readonly state: readonly Uint8Array[] };

export type StartDecision =
  | { readonly type: 'found'; readonly membership: Membership }
  | { readonly type: 'join' }
  /** Read the file of this snapshot, unless it names none, and start from the log. */
  | { readonly type: 'recover'; readonly log: RecoveredLog; readonly needsFile: boolean }
  | { readonly type: 'refused'; readonly reason: string };

/** Decides from what the disk holds. A log that is there always wins over the wish to begin anew. */
export function decideStart(recovery: LogRecovery, intent: StartIntent): StartDecision {
  switch (recovery.type) {
    case 'recovered':
      return { type: 'recover', log: recovery, needsFile: hasFile(recovery.snapshot) };
    case 'corrupt':
      return {
        type: 'refused',
        reason: `the log is damaged in segment ${recovery.sequence} at byte ${recovery.offset}: ${recovery.reason}`,
      };
    case 'empty':
      return intent.type === 'resume' ? { type: 'refused', reason: 'the log of an existing replica is lost' } : intent;
  }
}

/** What Raft starts from, and the snapshot that the log on disk begins with. */
export function raftStart(start: ReplicaStart): RaftStart & { readonly base: SnapshotMetadata } {
  if (start.type === 'recovered') {
    const { snapshot, hardState, entries } = start.log;
    return {
      membership: snapshot.membership,
      hardState,
      log: { snapshot, entries },
      applied: snapshot.index,
      base: snapshot,
    };
  }
  const fresh = start.type === 'found' ? foundingStart(start.membership) : emptyStart();
  return { ...fresh, base: { ...must(fresh.log.snapshot, 'a fresh log'), membership: fresh.membership } };
}
