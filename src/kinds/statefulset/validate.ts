/** Models kubernetes pkg/apis/apps/validation/validation.go ValidateStatefulSetSpec and ValidateStatefulSetUpdate. */
import { type FieldError, forbiddenField, invalid } from '../../api/field-error.ts';
import { equalSemantic } from '../../api/json.ts';
import { checkedAmount, checkedChoice, checkedNonNegative, checkedShare, isNone } from '../field-checks.ts';
import type { PodTemplateSpec } from '../pod/types.ts';
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

export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  const { podManagementPolicy, persistentVolumeClaimRetentionPolicy: retention } = spec;
  const errors: FieldError[] = [];
  if (!isOneOf(podManagementPolicy, 'OrderedReady', 'Parallel')) {
    errors.push(invalid('spec.podManagementPolicy', podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"));
  }
  errors.push(...validateStrategy(spec.updateStrategy ?? {}));
  for (const name of ['whenDeleted', 'whenScaled'] as const) {
    const path = `spec.persistentVolumeClaimRetentionPolicy.${name}`;
    errors.push(...checkedChoice(path, retention?.[name], ['Retain', 'Delete']));
  }
  errors.push(...checkedNonNegative('spec.ordinals.start', spec.ordinals?.start));
  errors.push(...checkedNonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit));
  return errors.concat(validateTemplateOwner({ ...spec, template: withClaims(spec) }, 'statefulset'));
}

/** Claims that are made along with the pods are volumes of theirs. */
function withClaims({ template, volumeClaimTemplates }: StatefulSetSpec): PodTemplateSpec {
  const volumes = template?.spec?.volumes ?? [];
  const present = new Set(volumes.map(({ name }) => name));
  const added = (volumeClaimTemplates ?? [])
    .map(({ metadata }) => metadata?.name ?? '')
    .filter((name) => name !== '' && !present.has(name))
    .map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return added.length === 0 ? template : { ...template, spec: { ...template.spec, volumes: [...volumes, ...added] } };
}

function validateStrategy(strategy: NonNullable<StatefulSetSpec['updateStrategy']>): FieldError[] {
  const { type, rollingUpdate } = strategy;
  const path = 'spec.updateStrategy';
  if (!isOneOf(type, 'RollingUpdate', 'OnDelete')) {
    return [invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  if (rollingUpdate === undefined) return [];
  if (type === 'OnDelete') {
    return [invalid(`${path}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  const { partition, maxUnavailable } = rollingUpdate;
  const errors = checkedNonNegative(`${path}.rollingUpdate.partition`, partition);
  const place = `${path}.rollingUpdate.maxUnavailable`;
  errors.push(...checkedAmount(place, maxUnavailable));
  if (maxUnavailable !== undefined && isNone(maxUnavailable))
    errors.push(invalid(place, maxUnavailable, 'cannot be 0'));
  return errors.concat(checkedShare(place, maxUnavailable));
}

export function validateStatefulSetUpdate(next: StatefulSet, old: StatefulSet): FieldError[] {
  if (equalSemantic(fixedPart(next.spec), fixedPart(old.spec))) return [];
  const detail =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  return [forbiddenField('spec', detail)];
}

function fixedPart(spec: StatefulSetSpec): unknown {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !changeable.some((each) => each === name)));
}

function isOneOf(value: string | undefined, ...supported: readonly string[]): boolean {
  return value === undefined || value === '' || supported.includes(value);
}
