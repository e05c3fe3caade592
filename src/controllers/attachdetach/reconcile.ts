/** One look at one volume: what is attached where it is not wanted goes, what is wanted is attached, and who cannot have it is told. */
import { isBeingDeleted, nameOf, uidOf } from '../../api/object-meta.ts';
import { RunningHash } from '../../base/hash.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { VolumeAttachment } from '../../kinds/volumeattachment/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { create, type EventRecord, type Plan, plan, remove, type Write } from '../plan.ts';
import { volumeAttachmentResource } from '../resources.ts';
import { uniqueVolumeName } from './attached-list.ts';
import type { AttachObserved, Unwanted } from './keys.ts';
import { type DetachTiming, holdMs } from './let-go.ts';

type VolumeObserved = Extract<AttachObserved, { type: 'volume' }>;

export function reconcileAttachments(
  observed: VolumeObserved,
  context: ReconcileContext<Unwanted>,
  timing: DetachTiming,
): Plan {
  const { volume, isAttachRequired, pods } = observed;
  const isAttachable = volume?.spec?.csi !== undefined && isAttachRequired;
  const wanted = isAttachable ? [...new Set(pods.map(nodeOf))].sort() : [];
  const detached = detach(observed, wanted, context, timing);
  const { writes, refused } = isAttachable ? attach(observed, volume, wanted) : { writes: [], refused: [] };
  const events = refused.map((pod) => multiAttach(pod, observed));
  return plan([[...detached.writes, ...writes]], {
    events,
    ...(detached.nextMs === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: detached.nextMs }),
  });
}

function detach(
  { attachments, nodeNamed, volume }: VolumeObserved,
  wanted: readonly string[],
  { memory, monotonicMs }: ReconcileContext<Unwanted>,
  timing: DetachTiming,
): { readonly writes: readonly Write[]; readonly nextMs: number } {
  const writes: Write[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  for (const attachment of attachments) {
    const uid = uidOf(attachment);
    if (isBeingDeleted(attachment) || wanted.includes(attachment.spec.nodeName)) {
      memory.delete(uid);
      continue;
    }
    const sinceMs = memory.get(uid) ?? monotonicMs;
    memory.set(uid, sinceMs);
    const uniqueName = volume === undefined ? '' : uniqueVolumeName(volume);
    const leftMs = sinceMs + holdMs(nodeNamed(attachment.spec.nodeName), uniqueName, timing) - monotonicMs;
    if (leftMs > 0) {
      nextMs = Math.min(nextMs, leftMs);
      continue;
    }
    memory.delete(uid);
    writes.push(remove(volumeAttachmentResource, attachment));
  }
  return { writes, nextMs };
}

function attach(
  { attachments, pods }: VolumeObserved,
  volume: PersistentVolume,
  wanted: readonly string[],
): { readonly writes: readonly Write[]; readonly refused: readonly Pod[] } {
  const held = new Set(attachments.map(({ spec }) => spec.nodeName));
  const missing = wanted.filter((node) => !held.has(node));
  if (!isExclusive(volume)) return { writes: missing.map((node) => attachTo(volume, node)), refused: [] };
  const [first] = held.size === 0 ? missing : [];
  const refused = pods.filter((pod) => missing.includes(nodeOf(pod)) && nodeOf(pod) !== first);
  return { writes: first === undefined ? [] : [attachTo(volume, first)], refused };
}

/** Only modes with many nodes let a volume be attached to many. */
function isExclusive({ spec }: PersistentVolume): boolean {
  return !(spec?.accessModes ?? []).some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
}

function attachTo(volume: PersistentVolume, nodeName: string): Write {
  const { driver = '', volumeHandle = '' } = volume.spec?.csi ?? {};
  const attachment: VolumeAttachment = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: attachmentName(driver, volumeHandle, nodeName) },
    spec: { attacher: driver, nodeName, source: { persistentVolumeName: nameOf(volume) } },
  };
  return create(volumeAttachmentResource, attachment, [409]);
}

/** The same for the same volume and node, so that none is made twice. */
function attachmentName(driver: string, volumeHandle: string, nodeName: string): string {
  const hash = new RunningHash();
  for (const text of [driver, volumeHandle, nodeName]) hash.addText(text);
  return `csi-${hash.digest()}`;
}

function multiAttach(pod: Pod, { name, pods, attachments }: VolumeObserved): EventRecord {
  const holders = pods.filter((other) => attachments.some(({ spec }) => spec.nodeName === nodeOf(other))).map(nameOf);
  const why =
    holders.length === 0
      ? "Volume is already exclusively attached to one node and can't be attached to another"
      : `Volume is already used by pod(s) ${holders.sort().join(', ')}`;
  const message = `Multi-Attach error for volume ${JSON.stringify(name)} ${why}`;
  return { object: pod, type: 'Warning', reason: 'FailedAttachVolume', message };
}

function nodeOf({ spec }: Pod): string {
  return spec.nodeName ?? '';
}
