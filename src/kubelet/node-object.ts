/** The Node object as its kubelet writes it. Models kubernetes pkg/kubelet/kubelet_node_status.go and nodestatus/setters.go. */
import type { WallMs } from '../base/brand.ts';
import { timestampSeconds } from '../base/time.ts';
import { type Condition, findCondition } from '../kinds/condition.ts';
import type { ContainerImage, Node, NodeStatus, NodeSystemInfo } from '../kinds/node/types.ts';
import type { Taint } from '../kinds/pod/scheduling-types.ts';
import type { Pod, ResourceList } from '../kinds/pod/types.ts';

/** What a node is. Plain data, from the arguments of its kubelet. */
export interface NodeDescription {
  readonly name: string;
  readonly address: string;
  readonly capacity: ResourceList;
  /** What pods may request; absent: all of the capacity. */
  readonly allocatable?: ResourceList;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly architecture?: string;
  readonly kernelVersion?: string;
  readonly osImage?: string;
  /** The failure zone that the machine stands in: a label that the scheduler spreads by. */
  readonly zone?: string;
  /** A virtual machine, and no physical one: a label. */
  readonly isVirtual?: boolean;
  /** Pods that it runs of its own accord; the API shows them and cannot stop them. */
  readonly staticPods?: readonly Pod[];
}

const noTroubles: NodeTroubles = { isShuttingDown: false, hasMemoryPressure: false };

export const kubeletVersion = 'v1.36.0';

export const defaultNodeCapacity: ResourceList = {
  cpu: '4',
  memory: '16Gi',
  'ephemeral-storage': '100Gi',
  'hugepages-1Gi': '0',
  'hugepages-2Mi': '0',
  pods: '110',
};

/** What a node tells of itself beside its runtime. */
export interface NodeTroubles {
  readonly isShuttingDown: boolean;
  readonly hasMemoryPressure: boolean;
}

/** The name and version of the runtime, and whether it answers. */
export interface RuntimeHealth {
  readonly name: string;
  readonly version: string;
  readonly isReachable: boolean;
}

/** Returns the object by which a node registers; `images` are those that it is known to have. */
export function nodeObjectOf(
  description: NodeDescription,
  runtime: RuntimeHealth,
  wallMs: WallMs,
  images: readonly ContainerImage[] = [],
): Node {
  const { name, labels, taints } = description;
  const status = nodeStatusOf(description, runtime, undefined, wallMs);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...ownLabels(description), ...labels } },
    spec: taints === undefined ? {} : { taints },
    status: images.length === 0 ? status : { ...status, images },
  };
}

/** Labels that the kubelet keeps right whatever others do to them. */
export function ownLabels({
  name,
  architecture = 'amd64',
  zone,
  isVirtual,
}: NodeDescription): Readonly<Record<string, string>> {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
    ...(isVirtual === undefined ? {} : { 'threemaster.dev/virtual': String(isVirtual) }),
  };
}

/** Tells whether the node controller has given the node up: no kubelet says of itself that nothing is known of it. */
export function isTakenForDead({ status }: Node): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'Unknown';
}

/** Returns the status as of now; times of transitions come from the `former` one. */
export function nodeStatusOf(
  description: NodeDescription,
  runtime: RuntimeHealth,
  former: NodeStatus | undefined,
  wallMs: WallMs,
  troubles: NodeTroubles = noTroubles,
): NodeStatus {
  const { capacity, allocatable = capacity, address, name } = description;
  return {
    capacity,
    allocatable,
    conditions: conditionsOf(runtime, troubles, former?.conditions ?? [], timestampSeconds(wallMs)),
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    nodeInfo: nodeInfoOf(description, runtime),
  };
}

function nodeInfoOf(description: NodeDescription, { name, version }: RuntimeHealth): NodeSystemInfo {
  const { architecture = 'amd64', kernelVersion = '6.0.0-threemaster', osImage = 'Threemaster' } = description;
  return {
    machineID: description.name,
    systemUUID: description.name,
    bootID: description.name,
    kernelVersion,
    osImage,
    containerRuntimeVersion: `${name}://${version}`,
    kubeletVersion,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture,
  };
}

function conditionsOf(
  runtime: RuntimeHealth,
  { isShuttingDown, hasMemoryPressure }: NodeTroubles,
  former: readonly Condition[],
  now: string,
): readonly Condition[] {
  const isReady = runtime.isReachable && !isShuttingDown;
  const findings: readonly (readonly [string, Condition['status'], string, string])[] = [
    hasMemoryPressure
      ? ['MemoryPressure', 'True', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available']
      : ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    isReady
      ? ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status']
      : ['Ready', 'False', 'KubeletNotReady', isShuttingDown ? 'node is shutting down' : 'container runtime is down'],
  ];
  return findings.map(([type, status, reason, message]) => {
    const known = former.find((condition) => condition.type === type);
    const lastTransitionTime = known?.status === status ? (known.lastTransitionTime ?? now) : now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
  });
}
