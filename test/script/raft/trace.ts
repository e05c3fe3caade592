/** Writes messages, Readies and statuses the way transcripts show them: short, complete, one fact a line. */
import { unreachable } from '../../../src/base/assert.ts';
import { utf8Text } from '../../../src/base/bytes.ts';
import { decodeMembershipChange } from '../../../src/raft/membership-change.ts';
import { type Entry, type Membership, type Message, noReplica, type ReplicaId } from '../../../src/raft/message.ts';
import type { Ready } from '../../../src/raft/ready.ts';
import type { RaftStatus } from '../../../src/raft/status.ts';

const signs = { addVoter: 'v', addLearner: 'l', remove: 'r', introduceLearner: 'i', promoteLearner: 'p' } as const;

export function showEntry(entry: Entry): string {
  const position = `${entry.index}/${entry.term}`;
  if (entry.type === 'command') return `${position} "${utf8Text(entry.data)}"`;
  const change = decodeMembershipChange(entry.data);
  const steps = change.steps.map((step) => signs[step.type] + step.replica);
  const name = steps.length === 0 ? 'leaveJoint' : `${change.transition} ${steps.join(' ')}`;
  return `${position} <${name}>`;
}

export function showEntries(entries: readonly Entry[]): string {
  return `[${entries.map(showEntry).join(', ')}]`;
}

export function showMembership(membership: Membership): string {
  const parts = [`voters=(${membership.voters.join()})`];
  if (membership.votersOutgoing.length > 0) parts.push(`outgoing=(${membership.votersOutgoing.join()})`);
  if (membership.learners.length > 0) parts.push(`learners=(${membership.learners.join()})`);
  if (membership.learnersNext.length > 0) parts.push(`learnersNext=(${membership.learnersNext.join()})`);
  if (membership.autoLeave) parts.push('autoLeave');
  return parts.join(' ');
}

export function showMessage(message: Message): string {
  return `${message.from}->${message.to} ${message.type} term=${message.term}${showBody(message)}`;
}

function showBody(message: Message): string {
  switch (message.type) {
    case 'vote':
    case 'preVote':
      return ` last=${message.lastIndex}/${message.lastTerm}${message.transfer ? ' transfer' : ''}`;
    case 'voteReply':
    case 'preVoteReply':
      return `${message.granted ? ' granted' : ' refused'} commit=${message.commit}/${message.commitTerm}`;
    case 'append':
      return ` after=${message.previousIndex}/${message.previousTerm} commit=${message.commit} ${showEntries(message.entries)}`;
    case 'appendReply':
      return message.rejection === null
        ? ` index=${message.index}`
        : ` refused=${message.index} hint=${message.rejection.hintIndex}/${message.rejection.hintTerm}`;
    case 'heartbeat':
      return ` commit=${message.commit} round=${message.readContext}`;
    case 'heartbeatReply':
      return ` round=${message.readContext}`;
    case 'snapshot':
      return ` at=${message.snapshot.index}/${message.snapshot.term} ${showMembership(message.snapshot.membership)}`;
    case 'timeoutNow':
      return '';
    case 'propose':
      return ` count=${message.entries.length}`;
    case 'readIndex':
      return ` reads=(${message.contexts.map((context) => context.id).join()})`;
    case 'readIndexReply':
      return ` reads=(${message.contexts.map((context) => context.id).join()}) index=${message.index}`;
    case 'transferLeader':
      return ` target=${message.target}`;
    default:
      return unreachable(message);
  }
}

/** Returns the lines of a Ready of replica `id`. */
export function showReady(id: ReplicaId, ready: Ready): string[] {
  const lines = [`> ${id} ready ${ready.number}`];
  if (ready.leadership !== null) {
    const { role, term, leader } = ready.leadership;
    lines.push(`  ${role} term=${term} leader=${leader === noReplica ? 'none' : leader}`);
  }
  if (ready.snapshot !== null) {
    lines.push(
      `  install snapshot ${ready.snapshot.index}/${ready.snapshot.term} ${showMembership(ready.snapshot.membership)}`,
    );
  }
  if (ready.entries.length > 0) lines.push(`  write ${showEntries(ready.entries)}`);
  if (ready.hardState !== null) {
    const { term, votedFor, commit } = ready.hardState;
    lines.push(`  write term=${term} votedFor=${votedFor === noReplica ? 'none' : votedFor} commit=${commit}`);
  }
  for (const message of ready.messages) lines.push(`  send ${showMessage(message)}`);
  for (const message of ready.messagesAfterPersist) lines.push(`  send when durable ${showMessage(message)}`);
  if (ready.committed.length > 0) lines.push(`  apply ${showEntries(ready.committed)}`);
  for (const { context, index } of ready.reads) lines.push(`  read ${context.id} at ${index}`);
  return lines;
}

export function showStatus(status: RaftStatus): string[] {
  const { id, role, term, leader, commit, applied, firstIndex, lastIndex, stableIndex } = status;
  const lines = [
    `${id}: ${role} term=${term} leader=${leader === noReplica ? 'none' : leader} commit=${commit} applied=${applied} log=${firstIndex}..${lastIndex} stable=${stableIndex}`,
    `   ${showMembership(status.membership)}`,
  ];
  for (const peer of status.progress) {
    const flags = `${peer.recentActive ? ' active' : ''}${peer.paused ? ' paused' : ''}`;
    lines.push(
      `   ${peer.replica}: ${peer.state} match=${peer.match} next=${peer.next} inflight=${peer.inflightMessages}${flags}`,
    );
  }
  return lines;
}
