/**
 * What nodes and pods use, gathered from all kubelets at once when somebody asks, and kept for a moment so that many who ask cost one round. A
 * node that does not answer in time is left out. See docs/adr/0012-metrics-on-request.md.
 */
import { type AskOutcome, askAll, type Flow, question, sleep } from '../../actor/flow.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import type { KubeletProtocol, PodUsage, UsageSummary } from '../../protocol/kubelet.ts';
import type { Environment } from '../environment.ts';
import { usageFreshMs, usageGatherMs, usagePollMs } from '../limits.ts';

/** What one kubelet said. */
export type Measured = Extract<UsageSummary, { readonly type: 'measured' }>;

export interface PodSample {
  readonly usage: PodUsage;
  readonly summary: Measured;
}

/** One round of answers. */
export interface UsageRound {
  readonly atMs: MonotonicMs;
  /** By the name of the node. */
  readonly nodes: ReadonlyMap<string, Measured>;
  /** By the uid of the pod. */
  readonly pods: ReadonlyMap<string, PodSample>;
}

const nodeResource = { group: '', version: 'v1', resource: 'nodes' };

export class UsageRounds {
  #last: UsageRound | null = null;
  #isGathering = false;

  /** Returns a round that is at most `usageFreshMs` old; whoever comes while one is under way waits for it. */
  *latest(environment: Environment): Flow<UsageRound> {
    for (;;) {
      const { monotonicMs } = environment.stamp;
      if (this.#last !== null && monotonicMs - this.#last.atMs < usageFreshMs) return this.#last;
      if (!this.#isGathering) return yield* this.#gather(environment);
      yield* sleep(usagePollMs);
    }
  }

  *#gather(environment: Environment): Flow<UsageRound> {
    this.#isGathering = true;
    try {
      const names = nodeNames(environment);
      const questions = names.map((name) =>
        question<KubeletProtocol['asks'], 'summary'>(`${name}/kubelet`, 'summary', null, usageGatherMs),
      );
      const outcomes = yield* askAll<UsageSummary>(questions);
      this.#last = roundOf(names, outcomes, environment.stamp.monotonicMs);
      return this.#last;
    } finally {
      // Also when whoever asked is gone: the next one gathers anew.
      this.#isGathering = false;
    }
  }
}

function nodeNames({ cache, catalog }: Environment): readonly string[] {
  return cache.entriesOf(catalog.mustServe(nodeResource).stored).map(({ name }) => name);
}

function roundOf(
  names: readonly string[],
  outcomes: readonly AskOutcome<UsageSummary>[],
  atMs: MonotonicMs,
): UsageRound {
  const nodes = new Map<string, Measured>();
  const pods = new Map<string, PodSample>();
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.type === 'failed' || outcome.reply.type === 'unknown') continue;
    const summary = outcome.reply;
    nodes.set(names[index] as string, summary);
    for (const usage of summary.pods) pods.set(usage.uid, { usage, summary });
  }
  return { atMs, nodes, pods };
}
