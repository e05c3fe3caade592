/** Which function makes the cells of which resource, by `group/resource`. To add one: a line here and a test. */
import type { AnyObject, KubeObject } from '../../api/object-meta.ts';
import type { TableCell } from '../../api/table.ts';
import type { WallMs } from '../../base/brand.ts';
import * as cluster from './cluster-cells.ts';
import { autoscalerCells, usageCells } from './metric-cells.ts';
import * as network from './network-cells.ts';
import { podCells } from './pod-cells.ts';
import * as policy from './policy-cells.ts';
import * as registration from './registration-cells.ts';
import * as storage from './storage-cells.ts';
import * as workload from './workload-cells.ts';

/** Returns cells by the name of their column. */
export type CellsOf = (object: AnyObject, wallMs: WallMs) => Readonly<Record<string, TableCell>>;

export const cellsByResource: ReadonlyMap<string, CellsOf> = new Map([
  entry('/pods', podCells),
  entry('/nodes', cluster.nodeCells),
  entry('/services', cluster.serviceCells),
  entry('/namespaces', cluster.namespaceCells),
  entry('/configmaps', cluster.configMapCells),
  entry('/secrets', cluster.secretCells),
  entry('/endpoints', cluster.endpointsCells),
  entry('/events', cluster.eventCells),
  entry('/replicationcontrollers', workload.replicationControllerCells),
  entry('apps/controllerrevisions', workload.controllerRevisionCells),
  entry('apps/deployments', workload.deploymentCells),
  entry('apps/replicasets', workload.replicaSetCells),
  entry('apps/statefulsets', workload.statefulSetCells),
  entry('apps/daemonsets', workload.daemonSetCells),
  entry('batch/jobs', workload.jobCells),
  entry('batch/cronjobs', workload.cronJobCells),
  entry('coordination.k8s.io/leases', cluster.leaseCells),
  entry('discovery.k8s.io/endpointslices', cluster.endpointSliceCells),
  entry('policy/poddisruptionbudgets', policy.disruptionBudgetCells),
  entry('rbac.authorization.k8s.io/clusterrolebindings', policy.bindingCells),
  entry('rbac.authorization.k8s.io/rolebindings', policy.bindingCells),
  entry('scheduling.k8s.io/priorityclasses', policy.priorityClassCells),
  entry('events.k8s.io/events', cluster.servedEventCells),
  entry('/componentstatuses', registration.componentStatusCells),
  entry('/persistentvolumeclaims', storage.claimCells),
  entry('/persistentvolumes', storage.volumeCells),
  entry('/podtemplates', workload.podTemplateCells),
  entry('/resourcequotas', policy.quotaCells),
  entry('admissionregistration.k8s.io/mutatingadmissionpolicies', registration.admissionPolicyCells('mutations')),
  entry('admissionregistration.k8s.io/mutatingadmissionpolicybindings', registration.admissionBindingCells),
  entry('admissionregistration.k8s.io/mutatingwebhookconfigurations', registration.webhookCells),
  entry('admissionregistration.k8s.io/validatingadmissionpolicies', registration.admissionPolicyCells('validations')),
  entry('admissionregistration.k8s.io/validatingadmissionpolicybindings', registration.admissionBindingCells),
  entry('admissionregistration.k8s.io/validatingwebhookconfigurations', registration.webhookCells),
  entry('apiregistration.k8s.io/apiservices', registration.apiServiceCells),
  entry('autoscaling/horizontalpodautoscalers', autoscalerCells),
  entry('metrics.k8s.io/nodes', usageCells),
  entry('metrics.k8s.io/pods', usageCells),
  entry('certificates.k8s.io/certificatesigningrequests', registration.signingRequestCells),
  entry('flowcontrol.apiserver.k8s.io/flowschemas', registration.flowSchemaCells),
  entry('flowcontrol.apiserver.k8s.io/prioritylevelconfigurations', registration.priorityLevelCells),
  entry('networking.k8s.io/ingressclasses', network.ingressClassCells),
  entry('networking.k8s.io/ingresses', network.ingressCells),
  entry('networking.k8s.io/ipaddresses', network.addressCells),
  entry('networking.k8s.io/networkpolicies', network.networkPolicyCells),
  entry('networking.k8s.io/servicecidrs', network.rangeCells),
  entry('node.k8s.io/runtimeclasses', policy.runtimeClassCells),
  entry('resource.k8s.io/resourceclaims', policy.resourceClaimCells),
  entry('resource.k8s.io/resourceslices', policy.resourceSliceCells),
  entry('storage.k8s.io/csidrivers', storage.driverCells),
  entry('storage.k8s.io/csinodes', storage.driverNodeCells),
  entry('storage.k8s.io/storageclasses', storage.storageClassCells),
  entry('storage.k8s.io/volumeattachments', storage.attachmentCells),
  entry('storage.k8s.io/volumeattributesclasses', storage.attributesClassCells),
]);

/** A resource hands its function objects of its own kind only. */
function entry<T extends KubeObject>(
  key: string,
  cellsOf: (object: T, wallMs: WallMs) => Readonly<Record<string, TableCell>>,
): [string, CellsOf] {
  return [key, cellsOf as unknown as CellsOf];
}
