/** Node groups as users name them, checked and completed. */
import { parseQuantity } from '../../src/api/quantity.ts';
import { groupLabel, type NodeGroup } from '../../src/controllers/nodeautoscaler/plan-nodes.ts';
import { defaultNodeCapacity } from '../../src/kubelet/node-object.ts';

/** Nodes that come and go with what pods need. */
export interface NodeGroupOptions {
  /** Lower-case; the label `threemaster.dev/node-group` of its nodes. */
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** By resource, as a Node has it; what is left out is that of any node: 4 processors, 16Gi, 110 pods. */
  readonly capacity?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** The label `topology.kubernetes.io/zone`. */
  readonly zone?: string;
}

const sizeMax = 1_000;
const fields = new Set(['name', 'min', 'max', 'capacity', 'labels', 'zone']);

/** Returns the groups, or a text that says in one line what is wrong. */
export function checkNodeGroups(groups: readonly NodeGroupOptions[]): readonly NodeGroup[] | string {
  if (!Array.isArray(groups)) return 'nodeGroups must be a list of { name, min, max }';
  const checked: NodeGroup[] = [];
  for (const group of groups) {
    const complaint = complaintOf(group, checked);
    if (complaint !== null) return complaint;
    const { name, min, max, capacity, labels, zone } = group;
    const zoned = zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone };
    checked.push({
      name,
      min,
      max,
      capacity: { ...defaultNodeCapacity, ...capacity },
      labels: { ...labels, ...zoned, [groupLabel]: name },
    });
  }
  return checked;
}

function complaintOf(group: NodeGroupOptions, former: readonly NodeGroup[]): string | null {
  const unknown = Object.keys(group).find((key) => !fields.has(key));
  if (unknown !== undefined) return `unknown field ${unknown} of a node group; there are ${[...fields].join(', ')}`;
  const { name, min, max, capacity = {} } = group;
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    return `the name of a node group must be 1 to 40 lower-case letters, digits or dashes, not ${JSON.stringify(name)}`;
  }
  if (former.some((each) => each.name === name)) return `there are two node groups ${name}`;
  const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= sizeMax;
  if (!isSize(min) || !isSize(max) || min > max) {
    return `min and max of node group ${name} must be whole numbers with 0 <= min <= max <= ${sizeMax}, not ${min} and ${max}`;
  }
  const wrong = Object.entries(capacity).find(([, text]) => parseQuantity(text) === undefined);
  return wrong === undefined
    ? null
    : `capacity of node group ${name}: ${wrong[0]} must be a quantity such as 4 or 16Gi, not ${wrong[1]}`;
}
