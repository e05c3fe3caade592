/** Which function makes the cells of which resource, by `group/resource`. To add one: a line here and a test. */
import type { AnyObject, KubeObject } from '../../api/object-meta.ts';
import type { TableCell } from '../../api/table.ts';
import type { WallMs } from '../../base/brand.ts';
import * as cluster from './cluster-cells.ts';
import { podCells } from './pod-cells.ts';
import * as policy from './policy-cells.ts';
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
]);

/** A resource hands its function objects of its own kind only. */
function entry<T extends KubeObject>(
  key: string,
  cellsOf: (object: T, wallMs: WallMs) => Readonly<Record<string, TableCell>>,
): [string, CellsOf] {
  return [key, cellsOf as unknown as CellsOf];
}
