/**
 * How a node makes itself known and stays known: registration, then a Lease renewed in short intervals and a status refreshed in long ones. Each
 * is a flow that runs as long as the kubelet does. The Lease is what tells the control plane that the node lives, so its attempts are
 * short: a dead API server costs one of them, not the lease.
 * Models kubernetes pkg/kubelet/kubelet_node_status.go and component-helpers/apimachinery/lease.
 */
import { ask, type Flow, sleep, waitFor } from '../actor/flow.ts';
import type { GroupVersionResource } from '../api/group-version.ts';
import { equalJson } from '../api/json.ts';
import { uidOf } from '../api/object-meta.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampMicros } from '../base/time.ts';
import type { Lease } from '../kinds/lease/types.ts';
import type { ContainerImage, Node, NodeStatus } from '../kinds/node/types.ts';
import type { ApiAnswer, ApiClient } from '../protocol/api-client.ts';
import { type RuntimeProtocol, runtimeCallTimeoutMs } from '../protocol/runtime.ts';
import type { KubeletLimits } from './limits.ts';
import { reportedImages } from './node-images.ts';
import {
  type NodeDescription,
  type NodeTroubles,
  nodeObjectOf,
  nodeStatusOf,
  ownLabels,
  type RuntimeHealth,
} from './node-object.ts';

/** What the flows of a node share with its actor. */
export interface NodeSituation {
  readonly api: ApiClient;
  readonly description: NodeDescription;
  readonly limits: KubeletLimits;
  /** The path of the container runtime. */
  readonly runtimePath: string;
  readonly runtime: () => RuntimeHealth;
  readonly troubles: () => NodeTroubles;
  /** Unique names of volumes that nobody may detach. */
  readonly volumesInUse: () => readonly string[];
  readonly wallMs: () => WallMs;
  /** The Node as it was last seen; null before it is registered. */
  node: Node | null;
  /** The status is to be written. Set before the signal is given, which may find the flow busy with something else. */
  isStatusDue: boolean;
  /** What the runtime was last found to have; null before it was asked. */
  images: readonly ContainerImage[] | null;
  /** How often it was found to have others than the API shows: each time the status is due. */
  imageChanges: number;
  /** The runtime may have other images. Set before the signal is given, as `isStatusDue` is. */
  areImagesDue: boolean;
}

const nodes: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' };
const leases: GroupVersionResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' };
const leaseNamespace = 'kube-node-lease';

/** Given whenever `isStatusDue` was set. */
export const nodeChangedSignal = 'node-changed';
/** Given whenever `areImagesDue` was set. */
export const imagesChangedSignal = 'images-changed';

type Asks = RuntimeProtocol['asks'];

/** Registers the node, and again if somebody deletes it, and refreshes its status for ever. */
export function* keepNode(situation: NodeSituation): Flow<void> {
  for (;;) {
    yield* register(situation);
    yield* refreshStatus(situation);
  }
}

/**
 * Finds out for ever which images the node has: a while after a pull, not after each, so that many pods which start together make one write, and
 * pods of images that are known make none. A runtime that does not answer is asked again.
 */
export function* keepImages(situation: NodeSituation): Flow<void> {
  for (;;) {
    while (!situation.areImagesDue) yield* waitFor(imagesChangedSignal);
    yield* sleep(situation.limits.nodeImagesMs);
    situation.areImagesDue = false;
    const found = yield* ask<Asks, 'listImages'>(situation.runtimePath, 'listImages', null, runtimeCallTimeoutMs);
    if (found.type === 'failed' || found.reply.type === 'failed') {
      situation.areImagesDue = true;
      continue;
    }
    const images = reportedImages(found.reply.images);
    situation.images = images;
    if (!equalJson(images, situation.node?.status?.images ?? [])) situation.imageChanges += 1;
  }
}

/** Renews the node's Lease for ever. */
export function* keepLease(situation: NodeSituation): Flow<void> {
  const { api, limits, description } = situation;
  const attemptMs = Math.min(limits.leaseRenewMs, (limits.leaseDurationSeconds * 1000) / 4);
  for (;;) {
    const subject = { resource: leases, namespace: leaseNamespace, name: description.name };
    const answer = yield* api.call({ ...subject, verb: 'update', body: leaseOf(situation) }, attemptMs);
    yield* sleep(answer.type === 'done' ? limits.leaseRenewMs : limits.apiRetryMs);
  }
}

function leaseOf({ description, limits, wallMs, node }: NodeSituation): Lease {
  const { name } = description;
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: node === null ? '' : uidOf(node) };
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: leaseNamespace, ...(node === null ? {} : { ownerReferences: [owner] }) },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: limits.leaseDurationSeconds,
      renewTime: timestampMicros(wallMs()),
    },
  };
}

function* register(situation: NodeSituation): Flow<void> {
  const { api, description, limits } = situation;
  const timeoutMs = attemptTimeoutMs(limits);
  for (;;) {
    const { images } = situation;
    const body = nodeObjectOf(description, situation.runtime(), situation.wallMs(), images ?? []);
    const created = yield* api.call({ verb: 'create', resource: nodes, body }, timeoutMs);
    if (created.type === 'done') {
      situation.node = created.object as Node;
      return;
    }
    if (created.type === 'refused' && created.status.code === 409) {
      const taken = yield* takeOver(situation);
      if (taken) return;
    }
    yield* sleep(limits.apiRetryMs);
  }
}

/** The node is known from an earlier life: its labels are put right, and what others set on it stays. */
function* takeOver(situation: NodeSituation): Flow<boolean> {
  const { api, description, limits } = situation;
  const labels = { ...description.labels, ...ownLabels(description) };
  const subject = { verb: 'patch', patch: 'merge', resource: nodes, name: description.name } as const;
  const answer = yield* api.call({ ...subject, body: { metadata: { labels } } }, attemptTimeoutMs(limits));
  if (answer.type !== 'done') return false;
  situation.node = answer.object as Node;
  return (yield* writeStatus(situation)).type === 'done';
}

/** Returns when the node is gone. */
function* refreshStatus(situation: NodeSituation): Flow<void> {
  const { limits } = situation;
  for (;;) {
    while (!situation.isStatusDue) yield* waitFor(nodeChangedSignal);
    situation.isStatusDue = false;
    const answer = yield* writeStatus(situation);
    if (answer.type === 'refused' && answer.status.code === 404) return;
    if (answer.type === 'done') continue;
    situation.isStatusDue = true;
    yield* sleep(limits.apiRetryMs);
  }
}

function* writeStatus(situation: NodeSituation): Flow<ApiAnswer> {
  const { api, description, limits, node } = situation;
  const { status: former } = node ?? {};
  const findings = nodeStatusOf(description, situation.runtime(), former, situation.wallMs(), situation.troubles());
  const volumesInUse = situation.volumesInUse();
  const wasUsing = (node?.status?.volumesInUse ?? []).length > 0;
  // An empty list stays unwritten unless it takes the place of another: the patch replaces it whole.
  const status: NodeStatus = {
    ...findings,
    ...(volumesInUse.length > 0 || wasUsing ? { volumesInUse } : {}),
    ...changedImages(situation),
  };
  const subject = { verb: 'patch', patch: 'strategic', resource: nodes, name: description.name } as const;
  const answer = yield* api.call({ ...subject, subresource: 'status', body: { status } }, attemptTimeoutMs(limits));
  if (answer.type === 'done') situation.node = answer.object as Node;
  return answer;
}

/** Images are many bytes: they are written when the API shows others. */
function changedImages({ images, node }: NodeSituation): Pick<NodeStatus, 'images'> {
  return images === null || equalJson(images, node?.status?.images ?? []) ? {} : { images };
}

function attemptTimeoutMs({ leaseDurationSeconds }: KubeletLimits): number {
  return Math.min(10_000, leaseDurationSeconds * 500);
}
