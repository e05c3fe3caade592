/** Replication controllers are kept as replica sets are. Models kubernetes pkg/controller/replication/replication_controller.go. */
import { labelSelectorOfMap } from '../../api/label-selector.ts';
import type { StringMap } from '../../api/object-meta.ts';
import { replicasController } from '../replicaset/keys.ts';
import { replicationControllerResource } from '../resources.ts';

export const replicationControllerController = replicasController({
  name: 'replicationcontroller-controller',
  kind: 'ReplicationController',
  resource: replicationControllerResource,
  selectorOf: ({ spec }) => labelSelectorOfMap((spec.selector ?? {}) as StringMap),
  countsTerminating: false,
});
