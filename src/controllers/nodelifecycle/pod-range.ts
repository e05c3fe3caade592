/** A /24 for the pods of each node, out of the pods' network, a /14: the lowest one that is free. Models kubernetes pkg/controller/nodeipam. */
import { nameOf } from '../../api/object-meta.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Cache } from '../controller.ts';
import type { NodeMemory } from './memory.ts';

/** The network unless the cluster has another: real programs on Linux get addresses that their machine has. */
export const defaultPodNetwork = '10.244';
const rangesMax = 1024;

/** Returns the range for a node without one, and remembers it; null when all are given out. `network`: the first two parts of its addresses. */
export function allocateRange(
  node: Node,
  nodes: Cache<Node>,
  memory: NodeMemory,
  network: string = defaultPodNetwork,
): string | null {
  const [first = '', second = ''] = network.split('.');
  const known = memory.rangeOf(nameOf(node));
  if (known !== undefined) return known;
  const taken = new Set<string>();
  for (const { spec } of nodes.values()) if (spec.podCIDR !== undefined) taken.add(spec.podCIDR);
  for (const [name, range] of memory.ranges()) {
    if (nodes.get(name) === undefined) memory.forgetRange(name);
    else taken.add(range);
  }
  for (let index = 0; index < rangesMax; index += 1) {
    const range = `${first}.${Number(second) + (index >> 8)}.${index & 0xff}.0/24`;
    if (taken.has(range)) continue;
    memory.noteRange(nameOf(node), range);
    return range;
  }
  return null;
}
