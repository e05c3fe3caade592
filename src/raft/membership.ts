/**
 * The rules by which one membership becomes the next (dissertation §4.1 to §4.3; models etcd-io/raft confchange/confchange.go).
 *
 * Invariants of every membership made here: voters and learners are disjoint; learnersNext is a subset of votersOutgoing and
 * disjoint from voters and learners; at least one voter remains; learnersNext and autoLeave mean something only while joint.
 * A voter that is demoted while joint still votes in the outgoing half, so it waits in learnersNext until the joint
 * configuration is left. Lists are ascending and free of duplicates, so equal memberships are equal values.
 */
import { assert } from '../base/assert.ts';
import type { MembershipChange, MembershipStep } from './membership-change.ts';
import { isLeaveJoint } from './membership-change.ts';
import type { Membership, ReplicaId } from './message.ts';
import { noReplica } from './message.ts';

/** `invalid` leaves everything as it was; `reason` is for people. */
export type MembershipOutcome =
  | { readonly type: 'changed'; readonly membership: Membership }
  | { readonly type: 'invalid'; readonly reason: string };

interface Draft {
  readonly voters: Set<ReplicaId>;
  readonly votersOutgoing: Set<ReplicaId>;
  readonly learners: Set<ReplicaId>;
  readonly learnersNext: Set<ReplicaId>;
}

/** Returns the membership of a cluster that starts with these voters. */
export function membershipOf(voters: readonly ReplicaId[], learners: readonly ReplicaId[] = []): Membership {
  const draft: Draft = {
    voters: new Set(voters),
    votersOutgoing: new Set(),
    learners: new Set(learners),
    learnersNext: new Set(),
  };
  return seal(draft, false);
}

export function isJoint(membership: Membership): boolean {
  return membership.votersOutgoing.length > 0;
}

/** Tells whether `replica` has a vote in either half. */
export function isVoter(membership: Membership, replica: ReplicaId): boolean {
  return membership.voters.includes(replica) || membership.votersOutgoing.includes(replica);
}

/** Tells whether `replica` belongs to the configuration in any way, and so receives the log. */
export function isMember(membership: Membership, replica: ReplicaId): boolean {
  return isVoter(membership, replica) || membership.learners.includes(replica);
}

/** Returns everyone with a vote in either half, ascending. */
export function votersOf(membership: Membership): readonly ReplicaId[] {
  if (!isJoint(membership)) return membership.voters;
  return ascending(new Set([...membership.voters, ...membership.votersOutgoing]));
}

/** Returns everyone who receives the log, ascending. */
export function membersOf(membership: Membership): readonly ReplicaId[] {
  return ascending(new Set([...membership.voters, ...membership.votersOutgoing, ...membership.learners]));
}

/** Returns what `change` makes of `membership`, which stays as it is. Repeating a step that has been done changes nothing. */
export function changeMembership(membership: Membership, change: MembershipChange): MembershipOutcome {
  if (isLeaveJoint(change)) return leaveJointly(membership);
  if (isJoint(membership)) return invalid('the configuration is joint; it must be left first');
  const draft = open(membership);
  const joint = change.transition !== 'auto' || change.steps.length > 1;
  if (joint) {
    if (draft.voters.size === 0) return invalid('a configuration without voters cannot become joint');
    for (const voter of draft.voters) draft.votersOutgoing.add(voter);
  }
  for (const step of change.steps) applyStep(draft, step);
  if (draft.voters.size === 0) return invalid('no voter would remain');
  if (!joint && difference(membership.voters, draft.voters) > 1)
    return invalid('more than one voter would change at once');
  return { type: 'changed', membership: seal(draft, joint && change.transition !== 'jointExplicit') };
}

/** Throws InvariantError when `membership` breaks the rules at the top of this file. */
export function checkMembership(membership: Membership): void {
  const { voters, votersOutgoing, learners, learnersNext } = membership;
  const described = { voters, votersOutgoing, learners, learnersNext };
  assert(
    learners.every((learner) => !isVoter(membership, learner)),
    'a learner votes',
    described,
  );
  assert(
    learnersNext.every((learner) => votersOutgoing.includes(learner) && !voters.includes(learner)),
    'a future learner is no outgoing voter',
    described,
  );
  assert(
    votersOutgoing.length > 0 || (learnersNext.length === 0 && !membership.autoLeave),
    'joint leftovers',
    described,
  );
}

function leaveJointly(membership: Membership): MembershipOutcome {
  if (!isJoint(membership)) return invalid('the configuration is not joint');
  const draft = open(membership);
  for (const learner of draft.learnersNext) draft.learners.add(learner);
  draft.learnersNext.clear();
  draft.votersOutgoing.clear();
  return { type: 'changed', membership: seal(draft, false) };
}

function applyStep(draft: Draft, step: MembershipStep): void {
  if (step.replica === noReplica) return;
  const { type } = step;
  const isLearner = draft.learners.has(step.replica) || draft.learnersNext.has(step.replica);
  if ((type === 'addLearner' || type === 'introduceLearner') && isLearner) return;
  if (type === 'introduceLearner' && draft.voters.has(step.replica)) return;
  if (type === 'promoteLearner' && !isLearner) return;
  draft.voters.delete(step.replica);
  draft.learners.delete(step.replica);
  draft.learnersNext.delete(step.replica);
  if (type === 'addVoter' || type === 'promoteLearner') draft.voters.add(step.replica);
  if (type !== 'addLearner' && type !== 'introduceLearner') return;
  if (draft.votersOutgoing.has(step.replica)) draft.learnersNext.add(step.replica);
  else draft.learners.add(step.replica);
}

function difference(before: readonly ReplicaId[], after: ReadonlySet<ReplicaId>): number {
  let kept = 0;
  for (const voter of before) if (after.has(voter)) kept += 1;
  return before.length - kept + (after.size - kept);
}

function open(membership: Membership): Draft {
  return {
    voters: new Set(membership.voters),
    votersOutgoing: new Set(membership.votersOutgoing),
    learners: new Set(membership.learners),
    learnersNext: new Set(membership.learnersNext),
  };
}

function seal(draft: Draft, autoLeave: boolean): Membership {
  const membership: Membership = {
    voters: ascending(draft.voters),
    votersOutgoing: ascending(draft.votersOutgoing),
    learners: ascending(draft.learners),
    learnersNext: ascending(draft.learnersNext),
    autoLeave,
  };
  checkMembership(membership);
  return membership;
}

function ascending(replicas: ReadonlySet<ReplicaId>): readonly ReplicaId[] {
  return [...replicas].sort((left, right) => left - right);
}

function invalid(reason: string): MembershipOutcome {
  return { type: 'invalid', reason };
}
