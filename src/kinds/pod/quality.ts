/** The quality-of-service class of a pod. Models kubernetes pkg/apis/core/v1/helper/qos/qos.go. */
import { parseQuantity } from '../../api/quantity.ts';
import type { Pod, PodQosClass } from './types.ts';

const counted = ['cpu', 'memory'] as const;

/** `Guaranteed` when every container limits cpu and memory and requests just that, `BestEffort` when none asks for any. */
export function qosClassOf(pod: Pod): PodQosClass {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  let isGuaranteed = true;
  let isBestEffort = true;
  for (const { resources } of containers) {
    for (const name of counted) {
      const request = amount(resources?.requests?.[name]);
      const limit = amount(resources?.limits?.[name]);
      if (request > 0n || limit > 0n) isBestEffort = false;
      if (limit === 0n || (request !== limit && request !== 0n)) isGuaranteed = false;
    }
  }
  if (isBestEffort) return 'BestEffort';
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

function amount(text: string | undefined): bigint {
  return text === undefined ? 0n : (parseQuantity(text)?.nanos ?? 0n);
}
