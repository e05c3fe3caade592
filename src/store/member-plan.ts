/**
 * What has to be done next so that a replica becomes a voter, or is a member no more, decided from what the replicas say of themselves. Each
 * step may be carried out twice, or be lost: whoever carries it out looks again and asks for the next one.
 *
 * A leader never removes itself: its own removal takes effect there first, and of two voters the other one could not win an election
 * before it has heard of it. So it hands over before.
 */
import { membersOf } from '../raft/membership.ts';
import type { ReplicaId } from '../raft/message.ts';
import type { MemberRequest, StoreRequest, StoreStatus } from './store-request.ts';

type TransferRequest = Extract<StoreRequest, { readonly type: 'transferLeadership' }>;

export type MemberStep =
  | { readonly type: 'done' }
  /** Nothing can be done now; `reason` is for people. */
  | { readonly type: 'wait'; readonly reason: string }
  | { readonly type: 'request'; readonly request: MemberRequest | TransferRequest };

/** A replica so far behind the leader's commit counts as caught up: under load none is ever at the very end, and a new voter gets the rest while it votes. */
const entriesBehindMax = 100;
const noLeader: MemberStep = { type: 'wait', reason: 'the store has no leader' };
const done: MemberStep = { type: 'done' };

/** Returns the status of the leader: of two that believe to lead, the one with the higher term. */
export function leaderAmong<Status extends StoreStatus>(statuses: readonly Status[]): Status | undefined {
  const leading = statuses.filter(({ role }) => role === 'leader');
  return leading.toSorted((left, right) => right.term - left.term)[0];
}

/** Tells whether a replica has applied what its leader has committed, or nearly so. */
export function hasCaughtUp({ applied }: StoreStatus, { commit }: StoreStatus): boolean {
  return applied + entriesBehindMax >= commit;
}

/** Returns the next step by which `replica` becomes a learner, catches up and becomes a voter. */
export function joinStep(replica: ReplicaId, statuses: readonly StoreStatus[]): MemberStep {
  const leader = leaderAmong(statuses);
  if (leader === undefined) return noLeader;
  const { voters, learners } = leader.membership;
  if (voters.includes(replica)) return done;
  if (!learners.includes(replica)) return request({ type: 'memberAdd', replica, learner: true });
  const own = statuses.find(({ id }) => id === replica);
  // One that has not even heard that it belongs to the cluster has nothing of it yet.
  const isCaughtUp = own?.membership.learners.includes(replica) && hasCaughtUp(own, leader);
  return isCaughtUp === true ? request({ type: 'memberPromote', replica }) : wait('it has not caught up');
}

/**
 * Returns the next step by which `replica` stops being a member; never `done`. That it is none is known from the answer to a removal alone: what
 * an outdated leader says of the members proves nothing.
 */
export function leaveStep(replica: ReplicaId, statuses: readonly StoreStatus[]): MemberStep {
  const leader = leaderAmong(statuses);
  if (leader === undefined) return noLeader;
  if (leader.id === replica) {
    const heir = followersOf(leader, statuses).toSorted((left, right) => right.applied - left.applied)[0];
    return heir === undefined
      ? wait('nobody can lead in its place')
      : request({ type: 'transferLeadership', to: heir.id });
  }
  return request({ type: 'memberRemove', replica });
}

/** Returns the next step by which nobody is a member but those who are known: what came late, or was left half done, is undone. */
export function strayStep(known: readonly ReplicaId[], statuses: readonly StoreStatus[]): MemberStep {
  const leader = leaderAmong(statuses);
  if (leader === undefined) return noLeader;
  const stray = membersOf(leader.membership).find((replica) => !known.includes(replica));
  return stray === undefined ? done : leaveStep(stray, statuses);
}

/** Says why the store cannot do without `replica`, or null when the other voters that run are a quorum by themselves. */
export function lossComplaint(replica: ReplicaId, statuses: readonly StoreStatus[]): string | null {
  const leader = leaderAmong(statuses);
  if (leader === undefined) return 'the store has no leader: no majority of the masters runs';
  const voters = leader.membership.voters.filter((voter) => voter !== replica);
  const running = [leader, ...followersOf(leader, statuses)].filter(({ id }) => voters.includes(id));
  if (running.length * 2 > voters.length) return null;
  return `of the ${voters.length} others only ${running.length} run, which is no majority`;
}

/** The voters that follow the leader as far as they know: one that is cut off does so no longer than an election timeout. */
function followersOf(leader: StoreStatus, statuses: readonly StoreStatus[]): StoreStatus[] {
  return statuses.filter(
    (status) =>
      status.id !== leader.id &&
      status.leader === leader.id &&
      status.term === leader.term &&
      leader.membership.voters.includes(status.id),
  );
}

function request(wanted: Extract<MemberStep, { readonly type: 'request' }>['request']): MemberStep {
  return { type: 'request', request: wanted };
}

function wait(reason: string): MemberStep {
  return { type: 'wait', reason };
}
