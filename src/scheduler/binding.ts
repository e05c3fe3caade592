/**
 * A binding from decision to end, as one flow: what must be prepared (volumes, say), then the binding itself by the first plugin that takes it.
 * Models kubernetes pkg/scheduler/schedule_one.go bindingCycle.
 */
import type { Flow } from '../actor/flow.ts';
import type { BindOutcome } from './plugin.ts';
import type { BindDecision } from './scheduler.ts';
import type { Snapshot } from './snapshot.ts';
import type { Verdict } from './verdict.ts';
import type { Writer } from './writer.ts';

/** Returns the flow, and whether it has to prepare anything, which may take its time. */
export function bindingOf(
  decision: BindDecision,
  snapshot: Snapshot,
  writer: Writer,
): { readonly flow: Flow<BindOutcome>; readonly mustPrepare: boolean } {
  const { pod, nodeName, profile } = decision;
  const preparations: Preparation[] = [];
  for (const plugin of profile.preBind) {
    const flow = plugin.preBind(pod, nodeName, snapshot, writer);
    if (flow !== null) preparations.push({ name: plugin.name, flow });
  }
  const mustPrepare = preparations.length > 0;
  return { flow: mustPrepare ? prepareAndBind(preparations, decision, writer) : bind(decision, writer), mustPrepare };
}

interface Preparation {
  readonly name: string;
  readonly flow: Flow<Verdict>;
}

function* prepareAndBind(
  preparations: readonly Preparation[],
  decision: BindDecision,
  writer: Writer,
): Flow<BindOutcome> {
  for (const { name, flow } of preparations) {
    const verdict = yield* flow;
    if (verdict.type === 'success') continue;
    return { type: 'failed', message: `running PreBind plugin ${JSON.stringify(name)}: ${verdict.reasons.join(', ')}` };
  }
  return yield* bind(decision, writer);
}

function* bind({ pod, nodeName, profile }: BindDecision, writer: Writer): Flow<BindOutcome> {
  for (const plugin of profile.bind) {
    const flow = plugin.bind(pod, nodeName, writer);
    if (flow !== null) return yield* flow;
  }
  return { type: 'failed', message: 'no bind plugin takes the pod' };
}
