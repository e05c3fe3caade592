/** What the machines of a cluster are, as data, checked before anything starts. */
import { parseQuantity } from '../../src/api/quantity.ts';
import type { NodeDescription } from '../../src/kubelet/node-object.ts';

/** A machine, physical or virtual: what its Node tells, and so where the scheduler puts pods. `capacity` goes over the default one. */
export type MachineProfile = Partial<Omit<NodeDescription, 'name' | 'address'>>;

const fields: Readonly<Record<keyof Required<MachineProfile>, (value: unknown) => boolean>> = {
  capacity: isResourceList,
  allocatable: isResourceList,
  labels: isTextMap,
  taints: Array.isArray,
  architecture: isText,
  kernelVersion: isText,
  osImage: isText,
  zone: isText,
  isVirtual: (value) => typeof value === 'boolean',
  staticPods: Array.isArray,
};

/** Returns what is wrong with the profiles in one line; null when nothing is. */
export function machinesComplaint(machines: unknown): string | null {
  if (!Array.isArray(machines)) return 'machines must be a list of profiles';
  for (const [index, machine] of machines.entries()) {
    if (typeof machine !== 'object' || machine === null) return `machines[${index}] must be an object`;
    for (const [name, value] of Object.entries(machine)) {
      if (!Object.hasOwn(fields, name)) {
        return `unknown field machines[${index}].${name}; there are ${Object.keys(fields).join(', ')}`;
      }
      const isGood = fields[name as keyof typeof fields](value);
      if (!isGood) return `machines[${index}].${name} is not what it should be: ${JSON.stringify(value)}`;
    }
  }
  return null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isTextMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string');
}

function isResourceList(value: unknown): boolean {
  return isTextMap(value) && Object.values(value as object).every((text) => parseQuantity(text) !== undefined);
}
