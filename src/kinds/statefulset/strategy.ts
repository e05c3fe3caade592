/** How stateful sets begin and change. Models kubernetes pkg/registry/apps/statefulset and pkg/apis/apps/validation. */
import { type Mutable, setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedCounts } from '../field-checks.ts';
import type { PersistentVolumeClaim } from '../persistentvolumeclaim/types.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import type { StatefulSet, StatefulSetSpec } from './types.ts';
import { validateStatefulSet, validateStatefulSetUpdate } from './validate.ts';

export const statefulSetBehaviour: KindBehaviour<StatefulSet> = {
  hasGeneration: true,
  setDefaults({ spec }) {
    if (spec !== undefined) setSpecDefaults(spec);
  },
  prepareForCreate(statefulSet) {
    (statefulSet as { status: StatefulSet['status'] }).status = { replicas: 0, availableReplicas: 0 };
  },
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  validateStatusUpdate: ({ status }) =>
    checkedCounts('status', status, [
      'replicas',
      'readyReplicas',
      'currentReplicas',
      'updatedReplicas',
      'availableReplicas',
      'observedGeneration',
      'collisionCount',
    ]),
};

function setSpecDefaults(spec: StatefulSetSpec): void {
  setDefault(spec, 'podManagementPolicy', 'OrderedReady');
  setDefault(spec, 'updateStrategy', {});
  const strategy = spec.updateStrategy as NonNullable<StatefulSetSpec['updateStrategy']>;
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') {
    setDefault(strategy, 'rollingUpdate', {});
    if (strategy.rollingUpdate !== undefined) setDefault(strategy.rollingUpdate, 'partition', 0);
  }
  setDefault(spec, 'persistentVolumeClaimRetentionPolicy', {});
  const retention = spec.persistentVolumeClaimRetentionPolicy as { whenDeleted?: string; whenScaled?: string };
  setDefault(retention, 'whenDeleted', 'Retain');
  setDefault(retention, 'whenScaled', 'Retain');
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'revisionHistoryLimit', 10);
  for (const claim of spec.volumeClaimTemplates ?? []) setClaimTemplateDefaults(claim);
  setPodTemplateDefaults(spec.template);
}

/** Templates of claims are whole objects. Models pkg/apis/apps/v1/conversion.go and pkg/apis/core/v1/defaults.go. */
function setClaimTemplateDefaults(claim: Mutable<PersistentVolumeClaim>): void {
  claim.apiVersion ??= 'v1';
  claim.kind ??= 'PersistentVolumeClaim';
  if (claim.spec !== undefined) setDefault(claim.spec, 'volumeMode', 'Filesystem');
  claim.status ??= {};
  setDefault(claim.status, 'phase', 'Pending');
}
