/** All controllers of the cluster, by name. A new one is a folder, and a line here. */
import { must } from '../base/assert.ts';
import { attachDetachController } from './attachdetach/keys.ts';
import { claimProtectionController } from './claimprotection/keys.ts';
import { type CloudTiming, cloudAttacherController } from './cloudattacher/keys.ts';
import { clusterRoleAggregationController } from './clusterroleaggregation/keys.ts';
import type { AnyController, Controller, Kinds } from './controller.ts';
import { cronJobController } from './cronjob/keys.ts';
import { daemonSetController } from './daemonset/keys.ts';
import { deploymentController } from './deployment/keys.ts';
import { disruptionController } from './disruption/keys.ts';
import { endpointsController } from './endpoints/keys.ts';
import { endpointSliceController } from './endpointslice/keys.ts';
import { ephemeralVolumeController } from './ephemeralvolume/keys.ts';
import { garbageCollectionController } from './garbagecollection/keys.ts';
import { jobController } from './job/keys.ts';
import { namespaceController } from './namespace/keys.ts';
import { type NodeTiming, nodeLifecycleController } from './nodelifecycle/keys.ts';
import { type AutoscalerTiming, podAutoscalerController } from './podautoscaler/keys.ts';
import { podGcController } from './podgc/keys.ts';
import { replicaSetController } from './replicaset/keys.ts';
import { replicationControllerController } from './replicationcontroller/keys.ts';
import { resourceQuotaController } from './resourcequota/keys.ts';
import { serviceAccountController } from './serviceaccount/keys.ts';
import { serviceAccountTokenController } from './serviceaccounttoken/keys.ts';
import { statefulSetController } from './statefulset/keys.ts';
import { ttlAfterFinishedController } from './ttlafterfinished/keys.ts';
import { volumeBinderController } from './volumebinder/keys.ts';
import { volumeExpanderController } from './volumeexpander/keys.ts';
import { volumeProtectionController } from './volumeprotection/keys.ts';
import { volumeProvisionerController } from './volumeprovisioner/keys.ts';

export interface StorageTiming extends CloudTiming {
  /** How long a silent node keeps a disk that no pod there wants any more. */
  readonly maxWaitForUnmountMs: number;
}

export interface ControllerSettings {
  readonly node: NodeTiming;
  readonly autoscaler: AutoscalerTiming;
  /** How long a node must be missing before its pods are deleted. */
  readonly orphanQuarantineMs: number;
  /** How long a job waits after a first failed pod. */
  readonly jobBackoffMs: number;
  readonly storage: StorageTiming;
  /** The certificate of the cluster's authority, as PEM. */
  readonly rootCertificate: string;
}

/** How each controller is made, by its name. */
const makers: Readonly<Record<string, (settings: ControllerSettings) => AnyController>> = {
  'replicaset-controller': () => typeless(replicaSetController),
  'replicationcontroller-controller': () => typeless(replicationControllerController),
  'deployment-controller': () => typeless(deploymentController),
  'daemonset-controller': () => typeless(daemonSetController),
  'statefulset-controller': () => typeless(statefulSetController),
  'disruption-controller': () => typeless(disruptionController),
  'horizontal-pod-autoscaler': (settings) => typeless(podAutoscalerController(settings.autoscaler)),
  'ttl-after-finished-controller': () => typeless(ttlAfterFinishedController),
  'cronjob-controller': () => typeless(cronJobController),
  'job-controller': (settings) => typeless(jobController({ backoffMs: settings.jobBackoffMs })),
  'endpointslice-controller': () => typeless(endpointSliceController),
  'endpoint-controller': () => typeless(endpointsController),
  'node-controller': (settings) => typeless(nodeLifecycleController(settings.node)),
  'pod-garbage-collector': (settings) => typeless(podGcController({ quarantineMs: settings.orphanQuarantineMs })),
  'serviceaccount-controller': (settings) => typeless(serviceAccountController(settings.rootCertificate)),
  'ephemeral-volume-controller': () => typeless(ephemeralVolumeController),
  'persistentvolume-binder': () => typeless(volumeBinderController),
  'persistentvolume-provisioner': () => typeless(volumeProvisionerController),
  'volume-expander': () => typeless(volumeExpanderController),
  'attachdetach-controller': (settings) =>
    typeless(attachDetachController({ ...settings.storage, nodeGraceMs: settings.node.graceMs })),
  'cloud-attacher': (settings) => typeless(cloudAttacherController(settings.storage)),
  'persistentvolumeclaim-protection': () => typeless(claimProtectionController),
  'persistentvolume-protection': () => typeless(volumeProtectionController),
  'serviceaccount-token-controller': (settings) => typeless(serviceAccountTokenController(settings.rootCertificate)),
  'clusterrole-aggregation-controller': () => typeless(clusterRoleAggregationController),
  'resourcequota-controller': () => typeless(resourceQuotaController()),
  'namespace-controller': () => typeless(namespaceController()),
  'garbage-collector': () => typeless(garbageCollectionController()),
};

export const controllerNames: readonly string[] = Object.keys(makers);

/** Throws InvariantError for a name that is none of `controllerNames`. */
export function makeController(name: string, settings: ControllerSettings): AnyController {
  return must(makers[name], `controller ${name}`)(settings);
}

/** Forgets the types that only the controller itself knows: the runtime hands it back what it gave. */
function typeless<K extends Kinds, Observed, Memory>(controller: Controller<K, Observed, Memory>): AnyController {
  return controller as unknown as AnyController;
}
