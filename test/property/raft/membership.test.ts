/** Membership changes: a joint change ends where a chain of simple ones does, the rules hold throughout, and the bytes of a change are faithful. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changeMembership, checkMembership, isJoint, membershipOf } from '../../../src/raft/membership.ts';
import {
  decodeMembershipChange,
  encodeMembershipChange,
  leaveJoint,
  type MembershipChange,
  type MembershipStep,
} from '../../../src/raft/membership-change.ts';
import type { Membership } from '../../../src/raft/message.ts';
import { id, ids } from '../../unit/raft/host.ts';

const step: fc.Arbitrary<MembershipStep> = fc.record({
  type: fc.constantFrom('addVoter', 'addLearner', 'remove', 'introduceLearner', 'promoteLearner'),
  replica: fc.integer({ min: 0, max: 6 }).map(id),
});
const change: fc.Arbitrary<MembershipChange> = fc.record({
  transition: fc.constantFrom('auto', 'jointImplicit', 'jointExplicit'),
  steps: fc.array(step, { maxLength: 5 }),
  context: fc.uint8Array({ maxLength: 8 }),
});
const start = fc
  .uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
  .map((list) => membershipOf(ids(...list.slice(0, 3)), ids(...list.slice(3))));

function apply(membership: Membership, given: MembershipChange): Membership | null {
  const outcome = changeMembership(membership, given);
  return outcome.type === 'changed' ? outcome.membership : null;
}

test('a joint change, once left, equals the chain of its steps taken one by one', () => {
  fc.assert(
    fc.property(start, fc.array(step, { minLength: 1, maxLength: 5 }), (before, steps) => {
      const context = new Uint8Array(0);
      let chained: Membership | null = before;
      for (const each of steps) chained = chained && apply(chained, { transition: 'auto', steps: [each], context });
      const entered = apply(before, { transition: 'jointImplicit', steps, context });
      // A chain may run through an empty set of voters where the joint change does not.
      if (chained === null || entered === null) return;
      expect(isJoint(entered) && entered.autoLeave).toBe(true);
      expect(apply(entered, leaveJoint)).toEqual(chained);
    }),
    { numRuns: 2000 },
  );
});

test('whatever is proposed, the rules of a membership hold, and a joint one can be left', () => {
  fc.assert(
    fc.property(start, fc.array(change, { maxLength: 6 }), (before, changes) => {
      let membership = before;
      for (const each of changes) membership = apply(membership, each) ?? membership;
      checkMembership(membership);
      expect(membership.voters.length).toBeGreaterThan(0);
      if (isJoint(membership)) membership = apply(membership, leaveJoint) as Membership;
      expect(membership.votersOutgoing.length + membership.learnersNext.length).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

test('a simple change moves at most one voter', () => {
  fc.assert(
    fc.property(start, step, (before, each) => {
      const after = apply(before, { transition: 'auto', steps: [each], context: new Uint8Array(0) });
      if (after === null) return;
      const kept = before.voters.filter((voter) => after.voters.includes(voter)).length;
      expect(before.voters.length + after.voters.length - 2 * kept).toBeLessThanOrEqual(1);
    }),
  );
});

test('the bytes of a change give the change back', () => {
  fc.assert(
    fc.property(change, (given) => {
      const decoded = decodeMembershipChange(encodeMembershipChange(given));
      expect({ ...decoded, context: [...decoded.context] }).toEqual({ ...given, context: [...given.context] });
    }),
  );
});

test('bytes that are cut off are refused', () => {
  const bytes = encodeMembershipChange({
    transition: 'auto',
    steps: [{ type: 'addVoter', replica: id(4) }],
    context: new Uint8Array(0),
  });
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => decodeMembershipChange(bytes.subarray(0, length))).toThrow();
  }
});

test('what is introduced or promoted late or twice demotes nobody and brings nobody back', () => {
  const apart = (type: MembershipStep['type'], before: Membership): Membership =>
    apply(before, { transition: 'auto', steps: [{ type, replica: id(3) }], context: new Uint8Array(0) }) as Membership;
  const alone = membershipOf(ids(1, 2));
  const learner = apart('introduceLearner', alone);
  const voter = apart('promoteLearner', learner);
  expect([learner, voter]).toEqual([membershipOf(ids(1, 2), ids(3)), membershipOf(ids(1, 2, 3))]);
  expect(apart('introduceLearner', learner)).toEqual(learner);
  expect(apart('introduceLearner', voter)).toEqual(voter);
  expect(apart('promoteLearner', voter)).toEqual(voter);
  expect(apart('promoteLearner', apart('remove', voter))).toEqual(alone);
});
