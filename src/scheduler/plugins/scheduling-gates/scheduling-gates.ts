/** SchedulingGates: a pod waits until the last of its gates is removed. Models plugins/schedulinggates/scheduling_gates.go. */
import type { PreEnqueuePlugin } from '../../plugin.ts';
import { success, unresolvable } from '../../verdict.ts';

export const schedulingGates: PreEnqueuePlugin = {
  name: 'SchedulingGates',
  preEnqueue({ pod }) {
    const gates = pod.spec.schedulingGates ?? [];
    if (gates.length === 0) return success;
    return unresolvable(`waiting for scheduling gates: [${gates.map(({ name }) => name).join(' ')}]`);
  },
};
