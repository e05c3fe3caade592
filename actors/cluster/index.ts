/** The package entry: what `import ... from 'threemaster'` gives. */

export type { FaultRule } from '../../src/actor/faults.ts';
export type {
  ClusterStatus,
  LifeState,
  MemberStatus,
  PartStatus,
  ThreadStatus,
} from '../../src/cli/cluster-status.ts';
export type { ClusterEvent as SchedulingEvent } from '../../src/scheduler/cluster-event.ts';
export type {
  PluginReference,
  PluginSet,
  ProfileConfiguration,
  SchedulerConfiguration,
} from '../../src/scheduler/configuration.ts';
export type { NodeInfo } from '../../src/scheduler/node-info.ts';
export type * from '../../src/scheduler/plugin.ts';
export type { PodInfo } from '../../src/scheduler/pod-info.ts';
export type { PluginArguments, PluginFactory, SchedulerPlugins } from '../../src/scheduler/registry.ts';
export type { Snapshot } from '../../src/scheduler/snapshot.ts';
export type { Rejection, Verdict } from '../../src/scheduler/verdict.ts';
export type { ImageLayer } from '../io/images/image-archive.ts';
export type { ImageContent } from '../io/images/image-push.ts';
export type { Container, ContainerMain } from '../programs/container.ts';
export type { Access, KubeConfigOptions } from './access.ts';
export { type ApiClient, type ApiEvent, type Applied, type Reference, StatusError } from './api-client.ts';
export { StreamEndedError } from './bridge.ts';
export { Cluster } from './cluster.ts';
export type { CoordinationOptions, Held } from './coordination.ts';
export type { ClusterEvent, Leadership, LogEntry, ObservedMessage } from './events.ts';
export type { MachineProfile } from './machines.ts';
export { Member } from './member.ts';
export { MembershipError, type MembershipErrorCode } from './membership-error.ts';
export type { MetricPublisher, MetricReference, MetricValue } from './metric-publisher.ts';
export type { NodeGroupOptions } from './node-group-options.ts';
export {
  type ClusterOptions,
  ClusterOptionsError,
  type RegistryOptions,
  type SchedulerOptions,
} from './options.ts';
export type { PushedImage } from './push-image.ts';
export type { StoreMemberStatus } from './status.ts';
export { StoreClient, StoreRequestError, type StoreRequestOptions, textOf } from './store-client.ts';
export { type ProfileName, timingProfiles } from './timing.ts';
export { type WaitCondition, type WaitOptions, WaitTimeoutError } from './waits.ts';
