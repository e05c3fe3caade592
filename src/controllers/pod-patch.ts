/** Changes of pods that more than one controller makes. */
import type { Condition } from '../kinds/condition.ts';
import type { Pod, PodPhase } from '../kinds/pod/types.ts';
import { patch, type Write } from './plan.ts';
import { podResource } from './resources.ts';

/** Sets one condition and leaves the others alone, whatever they are by now: the kubelet writes the same list. */
export function conditionPatch(pod: Pod, condition: Condition, phase?: PodPhase): Write {
  const status = { conditions: [condition], ...(phase === undefined ? {} : { phase }) };
  const body = { metadata: { uid: pod.metadata.uid }, status };
  return patch(podResource, pod, body, { type: 'strategic', subresource: 'status', accepts: [404, 409] });
}
