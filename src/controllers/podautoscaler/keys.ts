/**
 * Sets the size of what can be scaled by what its pods use, or by metrics that somebody publishes. Keys are autoscalers, each looked at anew after
 * the sync period; what it has to know beyond the caches (the scale of its target, the metrics) it reads each time.
 * Models kubernetes pkg/controller/podautoscaler/horizontal.go.
 */
import { equalJson } from '../../api/json.ts';
import { byNamespace } from '../../api/object-index.ts';
import { type KubeObject, objectKey } from '../../api/object-meta.ts';
import type { CustomResourceDefinition } from '../../kinds/customresourcedefinition/types.ts';
import type { HorizontalPodAutoscaler } from '../../kinds/horizontalpodautoscaler/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { builtInRegistry } from '../../kinds/registry.ts';
import type { CacheChange, Controller } from '../controller.ts';
import { keepMeasured } from '../measured-pod.ts';
import { horizontalPodAutoscalerResource, podResource } from '../resources.ts';
import { definitionWatch } from '../served-resources.ts';
import { AutoscalerMemory } from './memory.ts';
import { type AutoscalerObserved, autoscalerReads, observeAutoscaler } from './observe.ts';
import { reconcileAutoscaler } from './reconcile.ts';

export interface AutoscalerKinds {
  readonly autoscalers: HorizontalPodAutoscaler;
  readonly pods: Pod;
  readonly definitions: CustomResourceDefinition;
}

export interface AutoscalerTiming {
  readonly syncMs: number;
  /** For how long the highest recommendation holds before a target shrinks. */
  readonly downscaleWindowMs: number;
  /** How long a pod that starts may use more processor than it will. */
  readonly cpuInitializationMs: number;
  /** How long after its start a pod that is not ready counts as never having been. */
  readonly readinessDelayMs: number;
}

export function podAutoscalerController(
  timing: AutoscalerTiming,
): Controller<AutoscalerKinds, AutoscalerObserved, AutoscalerMemory> {
  const registry = builtInRegistry();
  return {
    name: 'horizontal-pod-autoscaler',
    watches: {
      autoscalers: { resource: horizontalPodAutoscalerResource, output: 'object', indexes: { namespace: byNamespace } },
      pods: { resource: podResource, output: 'object', indexes: { namespace: byNamespace }, keep: keepMeasured },
      definitions: definitionWatch({}),
    },
    remember: () => new AutoscalerMemory(),
    keys: autoscalerKeys,
    observe: (key, caches) => observeAutoscaler(key, caches, registry),
    reads: autoscalerReads,
    reconcile: (observed, context) => reconcileAutoscaler(observed, context, timing),
  };
}

/** Its own status and its pods are looked at when the period is over. */
function autoscalerKeys({ cache, old, object }: CacheChange<AutoscalerKinds>): readonly string[] {
  if (cache !== 'autoscalers' || object === null) return [];
  const specOf = (side: KubeObject | null): unknown => (side as HorizontalPodAutoscaler | null)?.spec;
  const isSame = old !== null && equalJson(specOf(old) as never, specOf(object) as never);
  return isSame ? [] : [objectKey(object)];
}
