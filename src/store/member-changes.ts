/**
 * Requests to change the members. The entry carries who asked, so that the asker recognizes it when it is applied. A change that the
 * leader refuses leaves no trace that the asker could see: it ends at its deadline, with an unknown outcome.
 */

import type { MonotonicMs } from '../base/brand.ts';
import { ByteReader } from '../base/byte-reader.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import { changeMembership } from '../raft/membership.ts';
import type { MembershipChange, MembershipStep } from '../raft/membership-change.ts';
import { decodeMembershipChange } from '../raft/membership-change.ts';
import type { Entry, Membership } from '../raft/message.ts';
import type { Origin } from './command.ts';
import { definiteError, type StoreError } from './store-error.ts';
import type { MemberRequest, RequestHandle } from './store-request.ts';

export class MemberChanges {
  readonly #origin: Origin;
  readonly #pending = new Map<number, { readonly handle: RequestHandle; readonly deadlineMs: MonotonicMs }>();
  #nextNumber = 1;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** Returns the change to propose for the request, or why it can't be made. */
  plan(request: MemberRequest, membership: Membership): MembershipChange | StoreError {
    const writer = new ByteWriter(32);
    writer.varint(this.#origin.replica);
    writer.varint(this.#origin.session);
    writer.varint(this.#nextNumber);
    const change: MembershipChange = { transition: 'auto', steps: [stepOf(request)], context: writer.finish() };
    if (request.type === 'memberPromote' && !membership.learners.includes(request.replica)) {
      return definiteError('invalidMembership', `replica ${request.replica} is no learner`);
    }
    const outcome = changeMembership(membership, change);
    return outcome.type === 'invalid' ? definiteError('invalidMembership', outcome.reason) : change;
  }

  /** Takes note that the change planned last was proposed. */
  proposed(handle: RequestHandle, deadlineMs: MonotonicMs): void {
    this.#pending.set(this.#nextNumber, { handle, deadlineMs });
    this.#nextNumber += 1;
  }

  /** Returns who asked for the change of an applied entry, if that was asked here and is still waited for. */
  applied(entry: Entry): RequestHandle | null {
    const reader = new ByteReader(decodeMembershipChange(entry.data).context);
    const replica = reader.varint();
    const session = reader.varint();
    const number = reader.varint();
    if (!reader.isComplete || replica !== this.#origin.replica || session !== this.#origin.session) return null;
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    return pending?.handle ?? null;
  }

  /** Removes the requests whose deadline has passed, and returns who made them. */
  expire(nowMs: MonotonicMs): RequestHandle[] {
    const expired: RequestHandle[] = [];
    for (const [number, { handle, deadlineMs }] of this.#pending) {
      if (deadlineMs > nowMs) continue;
      this.#pending.delete(number);
      expired.push(handle);
    }
    return expired;
  }
}

function stepOf(request: MemberRequest): MembershipStep {
  const { replica } = request;
  switch (request.type) {
    case 'memberRemove':
      return { type: 'remove', replica };
    case 'memberPromote':
      return { type: 'promoteLearner', replica };
    case 'memberAdd':
      return { type: request.learner ? 'introduceLearner' : 'addVoter', replica };
  }
}
