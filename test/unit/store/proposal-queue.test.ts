/** What waits to be proposed: by anybody, or by the leader of one term alone. */
import { expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import type { ReplicaId, Term } from '../../../src/raft/message.ts';
import type { Session } from '../../../src/store/command.ts';
import { ProposalQueue } from '../../../src/store/proposal-queue.ts';

test('what only the leader of a term may propose is dropped in any other term, and when nobody leads', () => {
  const queue = new ProposalQueue({ replica: 1 as ReplicaId, session: 1 as Session });
  const add = (leaderTerm: number | null): void =>
    queue.add({ handle: null, encoded: utf8('x'), deadlineMs: 1_000 as MonotonicMs, leaderTerm: leaderTerm as Term });
  for (const leaderTerm of [null, 3, 4, null]) add(leaderTerm);
  expect(queue.hasLeaderOnly).toBe(true);
  queue.dropForLeader(4 as Term);
  expect(queue.waitingCount).toBe(3);
  queue.dropForLeader(null);
  expect(queue.waitingCount).toBe(2);
  expect(queue.hasLeaderOnly).toBe(false);
});
