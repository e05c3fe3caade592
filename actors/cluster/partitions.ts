/** Partitions as fault rules: members of different groups cannot reach each other; members in no group reach everybody. */
import type { FaultRule } from '../../src/actor/faults.ts';

export function partitionRules(groups: readonly (readonly string[])[]): FaultRule[] {
  return groups.flatMap((group, index) =>
    groups.flatMap((other, otherIndex) =>
      index === otherIndex ? [] : group.flatMap((from) => other.map((to): FaultRule => ({ from, to, drop: 1 }))),
    ),
  );
}
