/** The resources that controllers read and write, in the versions in which they do. */
import type { GroupVersionResource } from '../api/group-version.ts';

export const podResource = resourceOf('', 'pods');
export const nodeResource = resourceOf('', 'nodes');
export const namespaceResource = resourceOf('', 'namespaces');
export const serviceResource = resourceOf('', 'services');
export const endpointsResource = resourceOf('', 'endpoints');
export const eventResource = resourceOf('', 'events');
export const configMapResource = resourceOf('', 'configmaps');
export const serviceAccountResource = resourceOf('', 'serviceaccounts');
export const replicaSetResource = resourceOf('apps', 'replicasets');
export const deploymentResource = resourceOf('apps', 'deployments');
export const daemonSetResource = resourceOf('apps', 'daemonsets');
export const statefulSetResource = resourceOf('apps', 'statefulsets');
export const controllerRevisionResource = resourceOf('apps', 'controllerrevisions');
export const jobResource = resourceOf('batch', 'jobs');
export const cronJobResource = resourceOf('batch', 'cronjobs');
export const persistentVolumeClaimResource = resourceOf('', 'persistentvolumeclaims');
export const persistentVolumeResource = resourceOf('', 'persistentvolumes');
export const storageClassResource = resourceOf('storage.k8s.io', 'storageclasses');
export const csiDriverResource = resourceOf('storage.k8s.io', 'csidrivers');
export const volumeAttachmentResource = resourceOf('storage.k8s.io', 'volumeattachments');
export const replicationControllerResource = resourceOf('', 'replicationcontrollers');
export const podDisruptionBudgetResource = resourceOf('policy', 'poddisruptionbudgets');
export const leaseResource = resourceOf('coordination.k8s.io', 'leases');
export const endpointSliceResource = resourceOf('discovery.k8s.io', 'endpointslices');
export const horizontalPodAutoscalerResource = resourceOf('autoscaling', 'horizontalpodautoscalers', 'v2');
export const resourceQuotaResource = resourceOf('', 'resourcequotas');
export const secretResource = resourceOf('', 'secrets');

function resourceOf(group: string, resource: string, version = 'v1'): GroupVersionResource {
  return { group, version, resource };
}
