/** The resources that controllers read and write, in the versions in which they do. */
import type { GroupVersionResource } from '../api/group-version.ts';

export const podResource: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
export const nodeResource: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' };
export const namespaceResource: GroupVersionResource = { group: '', version: 'v1', resource: 'namespaces' };
export const serviceResource: GroupVersionResource = { group: '', version: 'v1', resource: 'services' };
export const endpointsResource: GroupVersionResource = { group: '', version: 'v1', resource: 'endpoints' };
export const eventResource: GroupVersionResource = { group: '', version: 'v1', resource: 'events' };
export const configMapResource: GroupVersionResource = { group: '', version: 'v1', resource: 'configmaps' };
export const serviceAccountResource: GroupVersionResource = { group: '', version: 'v1', resource: 'serviceaccounts' };
export const replicaSetResource: GroupVersionResource = { group: 'apps', version: 'v1', resource: 'replicasets' };
export const deploymentResource: GroupVersionResource = { group: 'apps', version: 'v1', resource: 'deployments' };
export const daemonSetResource: GroupVersionResource = { group: 'apps', version: 'v1', resource: 'daemonsets' };
export const statefulSetResource: GroupVersionResource = { group: 'apps', version: 'v1', resource: 'statefulsets' };
export const controllerRevisionResource: GroupVersionResource = {
  group: 'apps',
  version: 'v1',
  resource: 'controllerrevisions',
};
export const jobResource: GroupVersionResource = { group: 'batch', version: 'v1', resource: 'jobs' };
export const cronJobResource: GroupVersionResource = { group: 'batch', version: 'v1', resource: 'cronjobs' };
export const persistentVolumeClaimResource: GroupVersionResource = {
  group: '',
  version: 'v1',
  resource: 'persistentvolumeclaims',
};
export const persistentVolumeResource: GroupVersionResource = {
  group: '',
  version: 'v1',
  resource: 'persistentvolumes',
};
export const storageClassResource: GroupVersionResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'storageclasses',
};
export const csiDriverResource: GroupVersionResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'csidrivers',
};
export const volumeAttachmentResource: GroupVersionResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'volumeattachments',
};
export const replicationControllerResource: GroupVersionResource = {
  group: '',
  version: 'v1',
  resource: 'replicationcontrollers',
};
export const podDisruptionBudgetResource: GroupVersionResource = {
  group: 'policy',
  version: 'v1',
  resource: 'poddisruptionbudgets',
};
export const leaseResource: GroupVersionResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' };
export const endpointSliceResource: GroupVersionResource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
};
