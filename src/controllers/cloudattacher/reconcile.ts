/**
 * One look at one disk. Our finalizer on an attachment says that the disk is on that node, or on the way there or back: it is put on before the disk goes
 * and taken off when the disk is back, so at most one attachment has it.
 */
import { finalizersOf, hasFinalizer, isBeingDeleted, nameOf, uidOf } from '../../api/object-meta.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import type { VolumeAttachment } from '../../kinds/volumeattachment/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { nothingToDo, type Plan, patch, plan, type Write } from '../plan.ts';
import { volumeAttachmentResource } from '../resources.ts';
import type { CloudTiming, Journeys } from './keys.ts';

const finalizer = 'external-attacher/cloud-threemaster-dev';

export function reconcileDisk(
  attachments: readonly VolumeAttachment[],
  context: ReconcileContext<Journeys>,
  timing: CloudTiming,
): Plan {
  const holder = attachments.find((attachment) => hasFinalizer(attachment, finalizer));
  if (holder === undefined) {
    const [next] = attachments.filter((attachment) => !isBeingDeleted(attachment)).sort(isOlder);
    if (next === undefined) return nothingToDo;
    return plan([[changed(next, { metadata: { finalizers: [...finalizersOf(next), finalizer] } })]]);
  }
  const refusals = attachments
    .filter((attachment) => attachment !== holder && !isBeingDeleted(attachment))
    .flatMap((attachment) => refusal(attachment, holder, context));
  if (isBeingDeleted(holder)) return takeBack(holder, refusals, context, timing);
  if (holder.status?.attached === true) return plan([refusals]);
  return bring(holder, refusals, context, timing);
}

function bring(
  attachment: VolumeAttachment,
  refusals: readonly Write[],
  { memory, monotonicMs }: ReconcileContext<Journeys>,
  { diskAttachMs }: CloudTiming,
): Plan {
  const leftMs = timeLeft(memory, `to ${uidOf(attachment)}`, diskAttachMs, monotonicMs);
  if (leftMs > 0) return plan([refusals], { requeueAfterMs: leftMs });
  memory.delete(`to ${uidOf(attachment)}`);
  const status = { attached: true, attachError: null, attachmentMetadata: { devicePath: '/dev/disk/by-id/cloud' } };
  return plan([[...refusals, changed(attachment, { status }, 'status')]]);
}

function takeBack(
  attachment: VolumeAttachment,
  refusals: readonly Write[],
  { memory, monotonicMs }: ReconcileContext<Journeys>,
  { diskDetachMs }: CloudTiming,
): Plan {
  memory.delete(`to ${uidOf(attachment)}`);
  const leftMs = timeLeft(memory, `from ${uidOf(attachment)}`, diskDetachMs, monotonicMs);
  if (leftMs > 0) return plan([refusals], { requeueAfterMs: leftMs });
  memory.delete(`from ${uidOf(attachment)}`);
  const finalizers = finalizersOf(attachment).filter((each) => each !== finalizer);
  return plan([[...refusals, changed(attachment, { metadata: { finalizers } })]]);
}

/** A journey whose beginning nobody remembers begins now: longer than needed does no harm. */
function timeLeft(memory: Journeys, journey: string, takesMs: number, nowMs: MonotonicMs): number {
  const sinceMs = memory.get(journey) ?? nowMs;
  memory.set(journey, sinceMs);
  return sinceMs + takesMs - nowMs;
}

function refusal(
  attachment: VolumeAttachment,
  holder: VolumeAttachment,
  { wallMs }: ReconcileContext<Journeys>,
): readonly Write[] {
  const message = `disk is attached to node ${JSON.stringify(holder.spec.nodeName)}`;
  if (attachment.status?.attachError?.message === message) return [];
  const status = { attached: false, attachError: { message, time: timestampSeconds(wallMs) } };
  return [changed(attachment, { status }, 'status')];
}

function changed(attachment: VolumeAttachment, body: { metadata?: object; status?: object }, subresource = ''): Write {
  const { uid, resourceVersion } = attachment.metadata;
  const whole = { ...body, metadata: { uid, resourceVersion, ...body.metadata } };
  return patch(volumeAttachmentResource, attachment, whole, { subresource, accepts: [404] });
}

function isOlder(left: VolumeAttachment, right: VolumeAttachment): number {
  const made = (each: VolumeAttachment): string => `${each.metadata.creationTimestamp ?? ''} ${nameOf(each)}`;
  return made(left) < made(right) ? -1 : 1;
}
