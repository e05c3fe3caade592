/** How replication controllers begin and change. Models kubernetes pkg/registry/core/replicationcontroller and pkg/apis/core. */
import { type FieldError, invalid, required } from '../../api/field-error.ts';
import { type Mutable, setDefault } from '../../api/json.ts';
import { labelSelectorOfMap, matchesLabels, validateLabels } from '../../api/label-selector.ts';
import type { ObjectMeta } from '../../api/object-meta.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedCounts, checkedNonNegative } from '../field-checks.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import { validatePodTemplate } from '../pod/validate.ts';
import type { ReplicationController } from './types.ts';

export const replicationControllerBehaviour: KindBehaviour<ReplicationController> = {
  hasGeneration: true,
  fieldLabels: ['status.replicas'],
  selectableFields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  setDefaults(controller) {
    const { spec } = controller;
    if (spec === undefined) return;
    const labels = spec.template?.metadata?.labels;
    if (labels !== undefined && Object.keys(labels).length > 0) {
      if (Object.keys(spec.selector ?? {}).length === 0) (spec as Mutable<typeof spec>).selector = { ...labels };
      if (Object.keys(controller.metadata.labels ?? {}).length === 0) {
        (controller.metadata as Mutable<ObjectMeta>).labels = { ...labels };
      }
    }
    setDefault(spec, 'replicas', 1);
    setPodTemplateDefaults(spec.template);
  },
  prepareForCreate(controller) {
    (controller as Mutable<ReplicationController>).status = { replicas: 0 };
  },
  validate: ({ spec }) => validateSpec(spec),
  validateStatusUpdate: ({ status }) =>
    checkedCounts('status', status, ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']),
};

function validateSpec(spec: ReplicationController['spec']): FieldError[] {
  const errors = checkedNonNegative('spec.minReadySeconds', spec.minReadySeconds);
  const { selector = {}, template } = spec;
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'));
  errors.push(...validateLabels(selector, 'spec.selector'));
  errors.push(...checkedNonNegative('spec.replicas', spec.replicas));
  if (template === undefined) return [...errors, required('spec.template')];
  const labels = template.metadata?.labels ?? {};
  if (!matchesLabels(labelSelectorOfMap(selector), labels)) {
    errors.push(invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  return errors.concat(validatePodTemplate(template, 'spec.template', ['Always'], 'ReplicationController'));
}
