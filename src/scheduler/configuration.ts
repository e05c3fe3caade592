/**
 * What a scheduler may be told, in the shape of KubeSchedulerConfiguration v1: profiles, which plugins they use at which points, with which weights
 * and arguments. Plain data; `compileProfiles` checks it.
 * Models k8s.io/kube-scheduler/config/v1 types.go.
 */

export interface PluginReference {
  readonly name: string;
  /** 1 to 100, of plugins that score. */
  readonly weight?: number;
}

/** Changes to the plugins of one point; a disabled name `*` means all of them. */
export interface PluginSet {
  readonly enabled?: readonly PluginReference[];
  readonly disabled?: readonly PluginReference[];
}

/** Points as they are configured. A filter and its preparation are one plugin here, as are a score and its; `multiPoint` means all points. */
export const configurablePoints = [
  'multiPoint',
  'queueSort',
  'preEnqueue',
  'filter',
  'postFilter',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;
export type ConfigurablePoint = (typeof configurablePoints)[number];

export interface ProfileConfiguration {
  /** What pods name in spec.schedulerName; default `default-scheduler`. */
  readonly schedulerName?: string;
  /** Share of nodes to look for before scoring, 1 to 100; 0 lets the size of the cluster decide. */
  readonly percentageOfNodesToScore?: number;
  readonly plugins?: Readonly<Partial<Record<ConfigurablePoint, PluginSet>>>;
  readonly pluginConfig?: readonly { readonly name: string; readonly args: Readonly<Record<string, unknown>> }[];
}

export interface SchedulerConfiguration {
  readonly apiVersion?: 'kubescheduler.config.k8s.io/v1';
  readonly kind?: 'KubeSchedulerConfiguration';
  /** Default: one, with the default plugins. */
  readonly profiles?: readonly ProfileConfiguration[];
  readonly percentageOfNodesToScore?: number;
  readonly podInitialBackoffSeconds?: number;
  readonly podMaxBackoffSeconds?: number;
}

/** A configuration is wrong; the message says in one line what is allowed. */
export class SchedulerConfigurationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchedulerConfigurationError';
  }
}
