/**
 * A proposed change of the membership, and its bytes in a `membership` entry.
 * One step that touches at most one voter needs no joint configuration; several steps, or an explicit wish, go through one
 * (dissertation §4.3). A change without steps leaves the joint configuration. Models etcd-io/raft ConfChangeV2.
 *
 * Layout, big-endian: version (1 byte) | transition (1) | number of steps (2) | per step: type (1), replica as float64 (8) |
 * context, to the end. Replicas are float64 so that every safe integer fits.
 */
import { assert, must } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import type { ReplicaId } from './message.ts';

export type MembershipStepType = 'addVoter' | 'addLearner' | 'remove' | 'introduceLearner' | 'promoteLearner';

/**
 * `addVoter` also promotes a learner; `addLearner` also demotes a voter. The last two do one thing and nothing else: `introduceLearner` makes a
 * learner of who is no member, `promoteLearner` a voter of who is a learner. A proposal that a network delivers twice, or late, demotes
 * nobody by them and brings no voter back.
 */
export interface MembershipStep {
  readonly type: MembershipStepType;
  readonly replica: ReplicaId;
}

/**
 * `auto`: simple when one step suffices, else joint and left automatically. `jointImplicit`: joint in any case, left automatically.
 * `jointExplicit`: joint in any case, and left only by a proposed change without steps.
 */
export type MembershipTransition = 'auto' | 'jointImplicit' | 'jointExplicit';

export interface MembershipChange {
  readonly transition: MembershipTransition;
  readonly steps: readonly MembershipStep[];
  /** Opaque to Raft: what the layer above wants to find again when it applies the entry. */
  readonly context: Uint8Array;
}

const version = 1;
const headerBytes = 4;
const stepBytes = 9;
const stepTypes: readonly MembershipStepType[] = [
  'addVoter',
  'addLearner',
  'remove',
  'introduceLearner',
  'promoteLearner',
];
const transitions: readonly MembershipTransition[] = ['auto', 'jointImplicit', 'jointExplicit'];

/** The change that leaves a joint configuration. */
export const leaveJoint: MembershipChange = { transition: 'auto', steps: [], context: emptyBytes };

/** Tells whether `change` asks to leave a joint configuration. */
export function isLeaveJoint(change: MembershipChange): boolean {
  return change.steps.length === 0 && change.transition === 'auto';
}

/** Returns the bytes of `change`, in fresh memory. */
export function encodeMembershipChange(change: MembershipChange): Uint8Array {
  assert(change.steps.length <= 0xffff, 'membership steps', { count: change.steps.length });
  const bytes = new Uint8Array(headerBytes + change.steps.length * stepBytes + change.context.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version);
  view.setUint8(1, transitions.indexOf(change.transition));
  view.setUint16(2, change.steps.length);
  let offset = headerBytes;
  for (const step of change.steps) {
    assert(Number.isSafeInteger(step.replica) && step.replica >= 0, 'replica of a step', { replica: step.replica });
    view.setUint8(offset, stepTypes.indexOf(step.type));
    view.setFloat64(offset + 1, step.replica);
    offset += stepBytes;
  }
  bytes.set(change.context, offset);
  return bytes;
}

/** Reads what `encodeMembershipChange` wrote; throws InvariantError on anything else. `context` is a view into `bytes`. */
export function decodeMembershipChange(bytes: Uint8Array): MembershipChange {
  assert(bytes.length >= headerBytes, 'membership change is too short', { bytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assert(view.getUint8(0) === version, 'version of a membership change', { version: view.getUint8(0) });
  const transition = must(transitions[view.getUint8(1)], 'transition of a membership change');
  const count = view.getUint16(2);
  const contextAt = headerBytes + count * stepBytes;
  assert(bytes.length >= contextAt, 'membership change is cut off', { bytes: bytes.length, contextAt });
  const steps: MembershipStep[] = [];
  for (let offset = headerBytes; offset < contextAt; offset += stepBytes) {
    const type = must(stepTypes[view.getUint8(offset)], 'type of a membership step');
    steps.push({ type, replica: view.getFloat64(offset + 1) as ReplicaId });
  }
  return { transition, steps, context: bytes.subarray(contextAt) };
}
