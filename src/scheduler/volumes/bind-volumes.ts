/**
 * Carries a volume plan out: volumes that exist are marked as kept for their claims, claims whose volume must be made are told the node, and then the
 * pod waits until somebody (the volume binder, a provisioner) has bound all of them.
 * Models plugins/volumebinding/binder.go BindPodVolumes.
 */
import { type Flow, sleep } from '../../actor/flow.ts';
import type { GroupVersionResource } from '../../api/group-version.ts';
import { annotationsOf, uidOf } from '../../api/object-meta.ts';
import { boundByControllerAnnotation, selectedNodeAnnotation } from '../../kinds/persistentvolume/matching.ts';
import type { Snapshot } from '../snapshot.ts';
import { success, unschedulable, type Verdict } from '../verdict.ts';
import type { VolumePlan } from '../volume-plans.ts';
import type { Writer } from '../writer.ts';
import { persist, writeTimeoutMs } from '../writes.ts';
import { isBound, isReachable } from './claim.ts';

const claims: GroupVersionResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' };
const volumes: GroupVersionResource = { group: '', version: 'v1', resource: 'persistentvolumes' };
/** The caches are looked at so often; looking costs next to nothing. */
const lookMs = 100;

export function* bindVolumes(plan: VolumePlan, snapshot: Snapshot, writer: Writer, timeoutMs: number): Flow<Verdict> {
  for (const [claim, volume] of plan.matched) {
    const refusal = yield* keepVolume(claim, volume, snapshot, writer);
    if (refusal !== null) return refusal;
  }
  for (const claim of plan.provisioned) {
    const refusal = yield* selectNode(claim, plan.nodeName, snapshot, writer);
    if (refusal !== null) return refusal;
  }
  const wanted = [...plan.matched.keys(), ...plan.provisioned];
  const told = new Set<string>();
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += lookMs) {
    const verdict = hasGivenUp(plan, snapshot, told) ?? look(wanted, plan, snapshot);
    if (verdict !== null) return verdict;
    yield* sleep(lookMs);
  }
  return unschedulable('binding volumes: timed out waiting for the condition');
}

/** Writes the claim into the volume, unless the volume has changed since it was chosen. */
function* keepVolume(claimName: string, name: string, snapshot: Snapshot, writer: Writer): Flow<Verdict | null> {
  const claim = lookUp(claimName, snapshot);
  const volume = snapshot.surroundings.storage.volume(name);
  if (claim === undefined || volume === undefined)
    return unschedulable(`binding volumes: ${claimName} or its volume is gone`);
  const [namespace, claimed] = split(claimName);
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name: claimed, uid: uidOf(claim) };
  const annotations = { [boundByControllerAnnotation]: 'yes' };
  const { resourceVersion } = volume.metadata;
  const body = { metadata: { uid: uidOf(volume), resourceVersion, annotations }, spec: { claimRef } };
  return yield* write({ resource: volumes, name, body }, writer);
}

function* selectNode(claimName: string, nodeName: string, snapshot: Snapshot, writer: Writer): Flow<Verdict | null> {
  const claim = lookUp(claimName, snapshot);
  if (claim === undefined) return unschedulable(`binding volumes: ${claimName} is gone`);
  if (annotationsOf(claim)[selectedNodeAnnotation] === nodeName) return null;
  const [namespace, name] = split(claimName);
  const body = { metadata: { uid: uidOf(claim), annotations: { [selectedNodeAnnotation]: nodeName } } };
  return yield* write({ resource: claims, namespace, name, body }, writer);
}

function* write(
  subject: { resource: GroupVersionResource; namespace?: string; name: string; body: object },
  { api, fence }: Writer,
): Flow<Verdict | null> {
  const patch = { ...subject, verb: 'patch', patch: 'merge', fence } as const;
  const answer = yield* persist(() => api.call(patch, writeTimeoutMs));
  if (answer.type === 'done') return null;
  return unschedulable(
    `binding volumes: ${answer.type === 'refused' ? answer.status.message : 'no API server answers'}`,
  );
}

/** A provisioner that cannot make a volume takes the node's name away again. `told` holds the claims that were seen with it. */
function hasGivenUp({ provisioned, nodeName }: VolumePlan, snapshot: Snapshot, told: Set<string>): Verdict | null {
  for (const claimName of provisioned) {
    const claim = lookUp(claimName, snapshot);
    if (claim === undefined) continue;
    if (annotationsOf(claim)[selectedNodeAnnotation] === nodeName) told.add(claimName);
    else if (told.has(claimName) && !isBound(claim))
      return unschedulable(`binding volumes: provisioning failed for PVC ${claimName}`);
  }
  return null;
}

/** Success when all are bound and can be used on the node; null while they are not. */
function look(wanted: readonly string[], { nodeName }: VolumePlan, snapshot: Snapshot): Verdict | null {
  const node = snapshot.node(nodeName);
  if (node === undefined) return unschedulable(`binding volumes: node ${JSON.stringify(nodeName)} is gone`);
  for (const claimName of wanted) {
    const claim = lookUp(claimName, snapshot);
    if (claim === undefined) return unschedulable(`binding volumes: ${claimName} is gone`);
    if (!isBound(claim)) return null;
    const volume = snapshot.surroundings.storage.volume(claim.spec?.volumeName ?? '');
    // The claim may be seen before the volume that was made for it.
    if (volume === undefined) return null;
    if (!isReachable(volume, node))
      return unschedulable(`binding volumes: pv of ${claimName} cannot be used on the node`);
  }
  return success;
}

function lookUp(
  claimName: string,
  { surroundings }: Snapshot,
): ReturnType<Snapshot['surroundings']['storage']['claim']> {
  const [namespace, name] = split(claimName);
  return surroundings.storage.claim(namespace, name);
}

function split(claimName: string): [namespace: string, name: string] {
  const slash = claimName.indexOf('/');
  return [claimName.slice(0, slash), claimName.slice(slash + 1)];
}
