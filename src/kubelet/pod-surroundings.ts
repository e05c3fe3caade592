/** What a pod's machine needs of its node, and what every step of it needs of the pod. */
import type { Pod } from '../kinds/pod/types.ts';
import type { SandboxConfig } from '../protocol/runtime.ts';
import type { PodPlace } from './downward.ts';
import type { KubeletLimits } from './limits.ts';
import type { ObjectSource } from './object-shelf.ts';

export interface NodeFacts extends PodPlace {
  readonly limits: KubeletLimits;
  /** The name of the runtime: the scheme of container ids. */
  runtimeName(): string;
  /** Returns the handler of a RuntimeClass: null when there is no such class, undefined while that is not known. */
  handlerOf(runtimeClass: string): string | null | undefined;
  /** Returns a free address for a pod; null when there is none yet. */
  allocateAddress(): string | null;
  /** Objects that pods name; each pod's needs are kept by the kubelet. */
  readonly objects: ObjectSource;
  /** Tells whether the node shows a volume as attached, by its unique name. */
  isAttached(volume: string): boolean;
}

/** A pod that has its sandbox, as the steps of its containers see it. */
export interface PodScope {
  readonly pod: Pod;
  readonly facts: NodeFacts;
  readonly sandboxId: string;
  readonly sandbox: SandboxConfig;
  /** All volumes have been set: containers may start. */
  readonly hasVolumes: boolean;
}

/** The address of a pod: its own or, with the host's network, the host's. */
export function addressOf({ sandbox, facts }: PodScope): string {
  return sandbox.podIp ?? facts.hostIp;
}
