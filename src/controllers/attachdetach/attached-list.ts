/** What a node is told: which volumes are attached to it. A kubelet mounts none that is not on the list, so it is shortened before a volume goes. */
import { equalJson } from '../../api/json.ts';
import { isBeingDeleted } from '../../api/object-meta.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import { nothingToDo, type Plan, patch, plan } from '../plan.ts';
import { nodeResource } from '../resources.ts';
import type { AttachObserved } from './keys.ts';

type NodeObserved = Extract<AttachObserved, { type: 'node' }>;

/** The name under which nodes speak of a volume. Models pkg/volume/util GetUniqueVolumeName. */
export function uniqueVolumeName({ spec }: PersistentVolume): string {
  return `kubernetes.io/csi/${spec?.csi?.driver ?? ''}^${spec?.csi?.volumeHandle ?? ''}`;
}

export function reconcileAttachedList({ node, attachments, volumeNamed }: NodeObserved): Plan {
  const names = attachments.flatMap((attachment) => {
    const volume = volumeNamed(attachment.spec.source.persistentVolumeName ?? '');
    const isThere = attachment.status?.attached === true && !isBeingDeleted(attachment);
    return volume === undefined || !isThere ? [] : [uniqueVolumeName(volume)];
  });
  const volumesAttached = names.sort().map((name) => ({ name, devicePath: '' }));
  if (equalJson(volumesAttached, node.status?.volumesAttached ?? [])) return nothingToDo;
  const body = { metadata: { uid: node.metadata.uid }, status: { volumesAttached } };
  return plan([[patch(nodeResource, node, body, { subresource: 'status', accepts: [404, 409] })]]);
}
