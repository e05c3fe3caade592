/** The plugins of the default scheduler with their weights. Models kubernetes pkg/scheduler/apis/config/v1 default_plugins.go. */
import type { Profile } from './plugin.ts';
import { defaultBinder } from './plugins/default-binder/default-binder.ts';
import { defaultPreemption } from './plugins/default-preemption/default-preemption.ts';
import { imageLocality } from './plugins/image-locality/image-locality.ts';
import { interPodAffinity } from './plugins/inter-pod-affinity/inter-pod-affinity.ts';
import { nodeAffinity } from './plugins/node-affinity/node-affinity.ts';
import { nodeName } from './plugins/node-name/node-name.ts';
import { nodePorts } from './plugins/node-ports/node-ports.ts';
import { nodeResourcesBalancedAllocation } from './plugins/node-resources/balanced-allocation.ts';
import { nodeResourcesFit } from './plugins/node-resources/fit.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable/node-unschedulable.ts';
import { nodeVolumeLimits } from './plugins/node-volume-limits/node-volume-limits.ts';
import { podTopologySpread } from './plugins/pod-topology-spread/pod-topology-spread.ts';
import { prioritySort } from './plugins/priority-sort/priority-sort.ts';
import { schedulingGates } from './plugins/scheduling-gates/scheduling-gates.ts';
import { taintToleration } from './plugins/taint-toleration/taint-toleration.ts';
import { volumeBinding } from './plugins/volume-binding/volume-binding.ts';
import { volumeRestrictions } from './plugins/volume-restrictions/volume-restrictions.ts';
import { volumeZone } from './plugins/volume-zone/volume-zone.ts';

export const defaultProfile: Profile = {
  schedulerName: 'default-scheduler',
  queueSort: prioritySort,
  preEnqueue: [schedulingGates],
  filter: [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    volumeRestrictions,
    nodeVolumeLimits,
    volumeBinding,
    volumeZone,
    podTopologySpread,
    interPodAffinity,
  ],
  postFilter: [defaultPreemption],
  score: [
    { plugin: taintToleration, weight: 3 },
    { plugin: nodeAffinity, weight: 2 },
    { plugin: podTopologySpread, weight: 2 },
    { plugin: interPodAffinity, weight: 2 },
    { plugin: nodeResourcesFit, weight: 1 },
    { plugin: nodeResourcesBalancedAllocation, weight: 1 },
    { plugin: imageLocality, weight: 1 },
  ],
  reserve: [volumeBinding],
  permit: [],
  preBind: [volumeBinding],
  bind: [defaultBinder],
  postBind: [],
  percentageOfNodesToScore: 0,
};
