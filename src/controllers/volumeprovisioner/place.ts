/**
 * Where a volume is made: on a node for directories, in a zone for disks of the cloud. A node without a zone stands in a cloud that has only one, and
 * its disks can be attached anywhere. Models the topology code of external-provisioner and pkg/volume/util ChooseZoneForVolume.
 */
import { labelsOf, nameOf } from '../../api/object-meta.ts';
import { fnv1a } from '../../base/hash.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../kinds/storageclass/types.ts';
import { isOfDirectories, minikubeProvisioner } from '../storage.ts';

export const zoneLabel = 'topology.kubernetes.io/zone';
export const hostnameLabel = 'kubernetes.io/hostname';

export type Place =
  | { readonly type: 'node'; readonly hostname: string }
  | { readonly type: 'zone'; readonly zone: string }
  | { readonly type: 'anywhere' };

export type NoPlace = { readonly type: 'none'; readonly message: string };

interface Selected {
  readonly name: string;
  readonly node: Node | undefined;
}

export function placeFor(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  selected: Selected | undefined,
  nodes: () => readonly Node[],
): Place | NoPlace {
  if (selected !== undefined) return placeOf(selected, storageClass);
  const { provisioner } = storageClass;
  const allowed = nodes().filter((node) => isAllowed(node, storageClass));
  if (provisioner === minikubeProvisioner && allowed.length > 0) {
    // Its classes bind at once, because minikube has one node. Here one is chosen.
    const hostnames = allowed.map((node) => labelsOf(node)[hostnameLabel] ?? nameOf(node)).sort();
    return { type: 'node', hostname: hostnames[spreadNumber(nameOf(claim)) % hostnames.length] ?? '' };
  }
  if (isOfDirectories(provisioner)) return { type: 'none', message: 'configuration error, no node was specified' };
  const zones = [...new Set(allowed.map(zoneOf))].sort();
  if (zones.length === 0) return { type: 'none', message: 'no node is in a topology that the class allows' };
  const zone = zones[spreadNumber(nameOf(claim)) % zones.length] ?? '';
  return zone === '' ? { type: 'anywhere' } : { type: 'zone', zone };
}

function placeOf({ name, node }: Selected, storageClass: StorageClass): Place | NoPlace {
  if (node === undefined)
    return { type: 'none', message: `error getting selected node: node ${JSON.stringify(name)} not found` };
  if (!isAllowed(node, storageClass)) {
    return {
      type: 'none',
      message: `selected node ${JSON.stringify(name)} is not in a topology that the class allows`,
    };
  }
  if (isOfDirectories(storageClass.provisioner)) {
    return { type: 'node', hostname: labelsOf(node)[hostnameLabel] ?? name };
  }
  const zone = zoneOf(node);
  return zone === '' ? { type: 'anywhere' } : { type: 'zone', zone };
}

function isAllowed(node: Node, { allowedTopologies = [] }: StorageClass): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labelsOf(node)[key] ?? '')),
  );
}

function zoneOf(node: Node): string {
  return labelsOf(node)[zoneLabel] ?? '';
}

/** Claims of one stateful set, which end in ordinals, go to the zones in turn. */
function spreadNumber(name: string): number {
  const ordinal = /^(.+)-(\d{1,9})$/.exec(name);
  if (ordinal === null) return fnv1a(name);
  return (fnv1a(ordinal[1] as string) + Number(ordinal[2])) >>> 0;
}
