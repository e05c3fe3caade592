/** The kinds that have a behaviour of their own. To add one: a folder, a line here, a test. */

import type { GroupKind } from '../api/group-version.ts';
import type { AnyObject, KubeObject } from '../api/object-meta.ts';
import type { KindBehaviour } from './behaviour.ts';
import { configMapBehaviour } from './configmap/strategy.ts';
import { controllerRevisionBehaviour } from './controllerrevision/strategy.ts';
import { cronJobBehaviour } from './cronjob/strategy.ts';
import { customResourceDefinitionBehaviour } from './customresourcedefinition/strategy.ts';
import { daemonSetBehaviour } from './daemonset/strategy.ts';
import { deploymentBehaviour } from './deployment/strategy.ts';
import { endpointsBehaviour } from './endpoints/strategy.ts';
import { endpointSliceBehaviour } from './endpointslice/strategy.ts';
import { servedEventBehaviour } from './event/served.ts';
import { eventBehaviour } from './event/strategy.ts';
import { horizontalPodAutoscalerBehaviour } from './horizontalpodautoscaler/strategy.ts';
import { jobBehaviour } from './job/strategy.ts';
import { leaseBehaviour } from './lease/strategy.ts';
import { limitRangeBehaviour } from './limitrange/strategy.ts';
import { namespaceBehaviour } from './namespace/strategy.ts';
import { nodeBehaviour } from './node/strategy.ts';
import { persistentVolumeBehaviour } from './persistentvolume/strategy.ts';
import { persistentVolumeClaimBehaviour } from './persistentvolumeclaim/strategy.ts';
import { podBehaviour } from './pod/strategy.ts';
import { podDisruptionBudgetBehaviour } from './poddisruptionbudget/strategy.ts';
import { priorityClassBehaviour } from './priorityclass/strategy.ts';
import { replicaSetBehaviour } from './replicaset/strategy.ts';
import { replicationControllerBehaviour } from './replicationcontroller/strategy.ts';
import { resourceQuotaBehaviour } from './resourcequota/strategy.ts';
import {
  clusterRoleBehaviour,
  clusterRoleBindingBehaviour,
  roleBehaviour,
  roleBindingBehaviour,
} from './role/strategy.ts';
import { runtimeClassBehaviour } from './runtimeclass/strategy.ts';
import { secretBehaviour } from './secret/strategy.ts';
import { serviceBehaviour } from './service/strategy.ts';
import { statefulSetBehaviour } from './statefulset/strategy.ts';
import { storageClassBehaviour } from './storageclass/strategy.ts';
import { volumeAttachmentBehaviour } from './volumeattachment/strategy.ts';

const plain: KindBehaviour<AnyObject> = {};
const counted: KindBehaviour<AnyObject> = { hasGeneration: true };

const behaviours: ReadonlyMap<string, KindBehaviour<AnyObject>> = new Map([
  entry('/ConfigMap', configMapBehaviour),
  entry('/Event', eventBehaviour),
  entry('events.k8s.io/Event', servedEventBehaviour),
  entry('/Namespace', namespaceBehaviour),
  entry('/Node', nodeBehaviour),
  entry('/PersistentVolume', persistentVolumeBehaviour),
  entry('/PersistentVolumeClaim', persistentVolumeClaimBehaviour),
  entry('/Pod', podBehaviour),
  entry('/ReplicationController', replicationControllerBehaviour),
  entry('/Secret', secretBehaviour),
  entry('/Service', serviceBehaviour),
  entry('/Endpoints', endpointsBehaviour),
  entry('/LimitRange', limitRangeBehaviour),
  entry('/ResourceQuota', resourceQuotaBehaviour),
  entry('apps/ControllerRevision', controllerRevisionBehaviour),
  entry('apps/DaemonSet', daemonSetBehaviour),
  entry('apps/Deployment', deploymentBehaviour),
  entry('apps/ReplicaSet', replicaSetBehaviour),
  entry('apps/StatefulSet', statefulSetBehaviour),
  entry('autoscaling/HorizontalPodAutoscaler', horizontalPodAutoscalerBehaviour),
  entry('batch/CronJob', cronJobBehaviour),
  entry('batch/Job', jobBehaviour),
  entry('coordination.k8s.io/Lease', leaseBehaviour),
  entry('discovery.k8s.io/EndpointSlice', endpointSliceBehaviour),
  entry('networking.k8s.io/Ingress', counted),
  entry('networking.k8s.io/IngressClass', counted),
  entry('networking.k8s.io/NetworkPolicy', counted),
  entry('node.k8s.io/RuntimeClass', runtimeClassBehaviour),
  entry('policy/PodDisruptionBudget', podDisruptionBudgetBehaviour),
  entry('flowcontrol.apiserver.k8s.io/FlowSchema', counted),
  entry('flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', counted),
  entry('admissionregistration.k8s.io/MutatingAdmissionPolicy', counted),
  entry('admissionregistration.k8s.io/MutatingAdmissionPolicyBinding', counted),
  entry('admissionregistration.k8s.io/MutatingWebhookConfiguration', counted),
  entry('admissionregistration.k8s.io/ValidatingAdmissionPolicy', counted),
  entry('admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding', counted),
  entry('admissionregistration.k8s.io/ValidatingWebhookConfiguration', counted),
  entry('apiextensions.k8s.io/CustomResourceDefinition', customResourceDefinitionBehaviour),
  entry('scheduling.k8s.io/PriorityClass', priorityClassBehaviour),
  entry('storage.k8s.io/StorageClass', storageClassBehaviour),
  entry('storage.k8s.io/VolumeAttachment', volumeAttachmentBehaviour),
  entry('rbac.authorization.k8s.io/ClusterRole', clusterRoleBehaviour),
  entry('rbac.authorization.k8s.io/ClusterRoleBinding', clusterRoleBindingBehaviour),
  entry('rbac.authorization.k8s.io/Role', roleBehaviour),
  entry('rbac.authorization.k8s.io/RoleBinding', roleBindingBehaviour),
]);

/** Returns the behaviour of a kind; kinds without one of their own share the plain one. */
export function behaviourOf(kind: GroupKind): KindBehaviour<AnyObject> {
  return behaviours.get(`${kind.group}/${kind.kind}`) ?? plain;
}

/** The registry of kinds hands each behaviour objects of its own kind only. */
function entry<T extends KubeObject>(key: string, behaviour: KindBehaviour<T>): [string, KindBehaviour<AnyObject>] {
  return [key, behaviour as unknown as KindBehaviour<AnyObject>];
}
