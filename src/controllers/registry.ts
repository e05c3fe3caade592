/** All controllers of the cluster, by name. A new one is a folder, and a line here. */

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

export function controllersOf(settings: ControllerSettings): readonly AnyController[] {
  return [
    typeless(replicaSetController),
    typeless(replicationControllerController),
    typeless(deploymentController),
    typeless(daemonSetController),
    typeless(statefulSetController),
    typeless(disruptionController),
    typeless(podAutoscalerController(settings.autoscaler)),
    typeless(ttlAfterFinishedController),
    typeless(cronJobController),
    typeless(jobController({ backoffMs: settings.jobBackoffMs })),
    typeless(endpointSliceController),
    typeless(endpointsController),
    typeless(nodeLifecycleController(settings.node)),
    typeless(podGcController({ quarantineMs: settings.orphanQuarantineMs })),
    typeless(serviceAccountController(settings.rootCertificate)),
    typeless(ephemeralVolumeController),
    typeless(volumeBinderController),
    typeless(volumeProvisionerController),
    typeless(volumeExpanderController),
    typeless(attachDetachController({ ...settings.storage, nodeGraceMs: settings.node.graceMs })),
    typeless(cloudAttacherController(settings.storage)),
    typeless(claimProtectionController),
    typeless(volumeProtectionController),
    typeless(serviceAccountTokenController(settings.rootCertificate)),
    typeless(clusterRoleAggregationController),
    typeless(resourceQuotaController()),
    typeless(namespaceController()),
    typeless(garbageCollectionController()),
  ];
}

/** Forgets the types that only the controller itself knows: the runtime hands it back what it gave. */
function typeless<K extends Kinds, Observed, Memory>(controller: Controller<K, Observed, Memory>): AnyController {
  return controller as unknown as AnyController;
}
