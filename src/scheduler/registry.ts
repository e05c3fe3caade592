/**
 * The plugins that profiles can name: those of Kubernetes, and those of the user, which arrive as modules.
 * Models kubernetes pkg/scheduler/framework/plugins/registry.go.
 */
import { SchedulerConfigurationError } from './configuration.ts';
import { guardPlugin, type ReportThrow } from './guarded-plugin.ts';
import type { AnyPlugin } from './plugin.ts';
import { defaultBinder } from './plugins/default-binder/default-binder.ts';
import { defaultPreemptionWith } from './plugins/default-preemption/default-preemption.ts';
import { imageLocality } from './plugins/image-locality/image-locality.ts';
import { interPodAffinityWith } from './plugins/inter-pod-affinity/inter-pod-affinity.ts';
import { nodeAffinityWith } from './plugins/node-affinity/node-affinity.ts';
import { nodeName } from './plugins/node-name/node-name.ts';
import { nodePorts } from './plugins/node-ports/node-ports.ts';
import { nodeResourcesBalancedAllocationWith } from './plugins/node-resources/balanced-allocation.ts';
import { nodeResourcesFitWith } from './plugins/node-resources/fit.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable/node-unschedulable.ts';
import { nodeVolumeLimits } from './plugins/node-volume-limits/node-volume-limits.ts';
import { podTopologySpreadWith } from './plugins/pod-topology-spread/pod-topology-spread.ts';
import { prioritySort } from './plugins/priority-sort/priority-sort.ts';
import { schedulingGates } from './plugins/scheduling-gates/scheduling-gates.ts';
import { taintToleration } from './plugins/taint-toleration/taint-toleration.ts';
import { volumeBindingWith } from './plugins/volume-binding/volume-binding.ts';
import { volumeRestrictions } from './plugins/volume-restrictions/volume-restrictions.ts';
import { volumeZone } from './plugins/volume-zone/volume-zone.ts';

/** What `pluginConfig` gives a plugin. */
export type PluginArguments = Readonly<Record<string, unknown>>;

/** Makes a plugin for one profile. Throws an Error that says in one line what is wrong with the arguments. */
export type PluginFactory = (args: PluginArguments) => AnyPlugin;

/** What a user's module exports as `plugins`. */
export type SchedulerPlugins = Readonly<Record<string, PluginFactory>>;

export interface RegisteredPlugin {
  readonly make: PluginFactory;
  /** The arguments that it knows; null when only the plugin can tell. */
  readonly argumentNames: readonly string[] | null;
}

export type Registry = ReadonlyMap<string, RegisteredPlugin>;

function fixed(plugin: AnyPlugin): RegisteredPlugin {
  return { make: () => plugin, argumentNames: [] };
}

function configured(make: (args: never) => AnyPlugin, ...argumentNames: readonly string[]): RegisteredPlugin {
  return { make: make as PluginFactory, argumentNames };
}

/** In the order in which the default profile asks them. */
export const builtInPlugins: Registry = new Map<string, RegisteredPlugin>([
  ['SchedulingGates', fixed(schedulingGates)],
  ['PrioritySort', fixed(prioritySort)],
  ['NodeUnschedulable', fixed(nodeUnschedulable)],
  ['NodeName', fixed(nodeName)],
  ['TaintToleration', fixed(taintToleration)],
  ['NodeAffinity', configured(nodeAffinityWith, 'addedAffinity')],
  ['NodePorts', fixed(nodePorts)],
  [
    'NodeResourcesFit',
    configured(nodeResourcesFitWith, 'ignoredResources', 'ignoredResourceGroups', 'scoringStrategy'),
  ],
  ['VolumeRestrictions', fixed(volumeRestrictions)],
  ['NodeVolumeLimits', fixed(nodeVolumeLimits)],
  ['VolumeBinding', configured(volumeBindingWith, 'bindTimeoutSeconds')],
  ['VolumeZone', fixed(volumeZone)],
  ['PodTopologySpread', configured(podTopologySpreadWith, 'defaultConstraints', 'defaultingType')],
  ['InterPodAffinity', configured(interPodAffinityWith, 'hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods')],
  ['DefaultPreemption', configured(defaultPreemptionWith, 'minCandidateNodesPercentage', 'minCandidateNodesAbsolute')],
  ['NodeResourcesBalancedAllocation', configured(nodeResourcesBalancedAllocationWith, 'resources')],
  ['ImageLocality', fixed(imageLocality)],
  ['DefaultBinder', fixed(defaultBinder)],
]);

/** A module that was imported: where from, and what it exports. */
export interface ImportedModule {
  readonly url: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The built-in plugins and those of modules, which are guarded: what they throw is told to `report`. Throws SchedulerConfigurationError. */
export function registryWith(modules: readonly ImportedModule[], report: ReportThrow): Registry {
  const registry = new Map(builtInPlugins);
  for (const { url, exports } of modules) {
    const { plugins } = exports;
    if (typeof plugins !== 'object' || plugins === null) {
      throw new SchedulerConfigurationError(`${url} must export \`plugins\`, an object of functions by plugin name`);
    }
    for (const [name, make] of Object.entries(plugins as SchedulerPlugins)) {
      if (typeof make !== 'function')
        throw new SchedulerConfigurationError(`${url}: plugins.${name} must be a function`);
      if (registry.has(name)) throw new SchedulerConfigurationError(`${url}: there is a plugin ${name} already`);
      registry.set(name, { make: (args) => guardPlugin(name, make(args), report), argumentNames: null });
    }
  }
  return registry;
}
