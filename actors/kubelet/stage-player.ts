/** The pods of a node that follow stages, joined to the API: the pure StagedPods says what has to be played, flows carry it out. It decides nothing. */
import type { ActorContext } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { FlowRunner } from '../../src/actor/flow-runner.ts';
import type { Stamp } from '../../src/actor/input.ts';
import { must } from '../../src/base/assert.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';
import type { AddressPool } from '../../src/kubelet/address-pool.ts';
import type { KubeletLimits } from '../../src/kubelet/limits.ts';
import { playStage } from '../../src/kubelet/stages/play-stage.ts';
import { readStage } from '../../src/kubelet/stages/read-stage.ts';
import { podStagesOf } from '../../src/kubelet/stages/read-stages.ts';
import type { Stage } from '../../src/kubelet/stages/stage.ts';
import { StagedPods, type StagePlay } from '../../src/kubelet/stages/staged-pods.ts';
import type { PodEvent } from '../../src/kubelet/turn.ts';
import type { ApiClient } from '../../src/protocol/api-client.ts';
import type { Change } from '../../src/streams/informer.ts';

/** Stages as objects of kwok.x-k8s.io, which were checked before. */
export interface StagesArgs {
  readonly manifests: readonly unknown[];
  /** Pods that name no RuntimeClass follow them too. */
  readonly isDefault: boolean;
}

export interface StageLinks {
  readonly runner: FlowRunner;
  readonly api: ApiClient;
  readonly limits: KubeletLimits;
  readonly addresses: () => AddressPool | null;
  readonly stamp: () => Stamp;
  /** Records an event of a pod. */
  readonly tell: (pod: Pod, event: PodEvent) => void;
}

export const stageTimer = 'kubelet:stages';

interface StagePlayerArgs {
  readonly node: { readonly name: string; readonly address: string };
  readonly stages?: StagesArgs;
}

export class StagePlayer {
  readonly pods: StagedPods;
  readonly #links: StageLinks;
  #wakeAtMs: MonotonicMs | undefined;

  constructor({ node, stages }: StagePlayerArgs, context: ActorContext, links: StageLinks) {
    this.#links = links;
    const options = {
      stages: podStagesOf((stages?.manifests ?? []).map((manifest) => stageOf(manifest, context))),
      isDefault: stages?.isDefault ?? false,
      nodeName: node.name,
      nodeIp: node.address,
      startedMs: context.wallMs,
      addresses: links.addresses,
    };
    this.pods = new StagedPods(options, context.random.fork('stages'));
  }

  learn(change: Change<Pod>): void {
    if (change.type === 'deleted') this.pods.podDeleted(change.object);
    else this.pods.podSet(change.object, this.#links.stamp());
  }

  wake(): readonly Effect[] {
    this.#wakeAtMs = undefined;
    this.pods.wake(this.#links.stamp());
    return [];
  }

  /** Begins what has to be played, and asks to be woken for the next. */
  flush(): readonly Effect[] {
    const effects: Effect[] = [];
    this.pods.addressesChanged();
    // A play that only tells something is over at once, and the pod may have changed meanwhile.
    for (let plays = this.pods.takePlays(); plays.length > 0; plays = this.pods.takePlays()) {
      for (const play of plays) effects.push(...this.#begin(play));
    }
    const nextAtMs = this.pods.nextAtMs();
    if (nextAtMs !== undefined && nextAtMs !== this.#wakeAtMs) {
      const afterMs = Math.max(0, nextAtMs - this.#links.stamp().monotonicMs);
      effects.push({ type: 'timer', key: stageTimer, afterMs });
    }
    this.#wakeAtMs = nextAtMs;
    return effects;
  }

  #begin(play: StagePlay): readonly Effect[] {
    const { runner, api, limits, stamp, tell } = this.#links;
    const surroundings = {
      api,
      retryMs: limits.apiRetryMs,
      wallMs: () => stamp().wallMs,
      sceneOf: (nowMs: Stamp['wallMs']) => this.pods.sceneOf(play, nowMs),
      tell: (pod: Pod, type: PodEvent['type'], reason: string, message: string) =>
        tell(pod, { type, reason, message, fieldPath: '' }),
    };
    return runner.start(playStage(play, surroundings), null, (end) => {
      this.pods.played(play, end.type === 'returned' ? end.result : { pod: null }, stamp());
      return [];
    }).effects;
  }
}

/** Stages are large and the same for all nodes: those of one thread read each of them once. See docs/adr/0015-stages.md. */
function stageOf(manifest: unknown, { memo }: ActorContext): Stage {
  return memo.get(`Stage ${JSON.stringify(manifest)}`, () => {
    const read = readStage(manifest);
    return must(read.type === 'read' ? read.stage : undefined, 'stages were checked before the start');
  });
}
