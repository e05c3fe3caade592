/** How stateful sets begin and change. Models kubernetes pkg/registry/apps/statefulset and pkg/apis/apps/validation. */
import { type FieldError, forbiddenField } from '../../api/field-error.ts';
import { equalSemantic, setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedNonNegative } from '../field-checks.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import { validateTemplateOwner } from '../template-owner.ts';
import type { StatefulSet, StatefulSetSpec } from './types.ts';

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export const statefulSetBehaviour: KindBehaviour<StatefulSet> = {
  hasGeneration: true,
  setDefaults({ spec }) {
    if (spec !== undefined) setSpecDefaults(spec);
  },
  prepareForCreate(statefulSet) {
    (statefulSet as { status: StatefulSet['status'] }).status = { replicas: 0, availableReplicas: 0 };
  },
  validate: ({ spec }) => [
    ...validateTemplateOwner(spec, 'statefulset'),
    ...checkedChoice('spec.podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel']),
    ...checkedChoice('spec.updateStrategy.type', spec.updateStrategy?.type, ['OnDelete', 'RollingUpdate']),
    ...checkedNonNegative('spec.updateStrategy.rollingUpdate.partition', spec.updateStrategy?.rollingUpdate?.partition),
    ...checkedNonNegative('spec.ordinals.start', spec.ordinals?.start),
  ],
  validateUpdate: validateStatefulSetUpdate,
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
  setPodTemplateDefaults(spec.template);
}

function validateStatefulSetUpdate(next: StatefulSet, old: StatefulSet): FieldError[] {
  const fixed = (spec: StatefulSetSpec): unknown =>
    Object.fromEntries(Object.entries(spec).filter(([name]) => !changeable.some((each) => each === name)));
  if (equalSemantic(fixed(next.spec), fixed(old.spec))) return [];
  const detail =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  return [forbiddenField('spec', detail)];
}
