/** What the clients of a simulated store share: their surroundings, how they ask, and the role that runs their flows. */
import type { Role } from '../../../../src/actor/behaviour.ts';
import type { Effect } from '../../../../src/actor/effect.ts';
import { ask, type Flow } from '../../../../src/actor/flow.ts';
import { FlowRunner } from '../../../../src/actor/flow-runner.ts';
import type { Input } from '../../../../src/actor/input.ts';
import type { Random } from '../../../../src/base/random.ts';
import type { StoreProtocol } from '../../../../src/protocol/store.ts';
import type { StoreReply, StoreRequest } from '../../../../src/store/store-request.ts';
import type { Evidence } from '../evidence.ts';
import type { Swarm } from '../swarm.ts';

export interface ClientContext {
  readonly name: string;
  readonly random: Random;
  readonly swarm: Swarm;
  readonly evidence: Evidence;
  /** Paths of all replicas. */
  readonly replicas: readonly string[];
  readonly nowMs: () => number;
  /** The workload is over: begin nothing new. */
  readonly isOver: () => boolean;
}

export type Answer =
  | { readonly type: 'reply'; readonly reply: Exclude<StoreReply, { type: 'failed' }> }
  | { readonly type: 'failed'; readonly code: string; readonly definite: boolean };

/** Asks one replica, by default any, once. */
export function* request(context: ClientContext, body: StoreRequest, to?: string, timeoutMs?: number): Flow<Answer> {
  const replica = to ?? context.random.pick(context.replicas);
  const patienceMs = timeoutMs ?? context.random.pick([100, 400, 1_000]);
  const outcome = yield* ask<StoreProtocol['asks'], 'request'>(replica, 'request', { ...body }, patienceMs);
  context.evidence.counts.add('requests');
  if (outcome.type === 'failed') return { type: 'failed', ...outcome.failure };
  const { reply } = outcome;
  if (reply.type === 'failed') {
    context.evidence.marks.add(`answer ${reply.error.code}`);
    return { type: 'failed', code: reply.error.code, definite: reply.error.definite };
  }
  if ('revision' in reply) context.evidence.learnRevision(reply.revision);
  return { type: 'reply', reply };
}

/** A role whose one actor runs flows side by side until each returns. A flow that throws is a fault of the actor. */
export function flowsRole(flows: () => readonly Flow<void>[]): Role {
  const start = (runner: FlowRunner): readonly Effect[] =>
    flows().flatMap(
      (flow) =>
        runner.start(flow, null, (end) => {
          if (end.type === 'threw') throw end.error;
          return [];
        }).effects,
    );
  return {
    name: 'client',
    behaviour: {
      init: () => new FlowRunner(),
      step: (state: unknown, input: Input): readonly Effect[] => {
        const runner = state as FlowRunner;
        return input.type === 'started' ? start(runner) : (runner.handle(input) ?? []);
      },
    },
  };
}
