/** How events begin and which of their fields can be selected. Models kubernetes pkg/registry/core/event/strategy.go. */
import { invalid } from '../../api/field-error.ts';
import { namespaceOf } from '../../api/object-meta.ts';
import type { KindBehaviour } from '../behaviour.ts';
import type { Event } from './types.ts';

const referenceFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

export const eventBehaviour: KindBehaviour<Event> = {
  allowsCreateOnUpdate: true,
  fieldLabels: [
    ...referenceFields.map((name) => `involvedObject.${name}`),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  selectableFields(event) {
    const fields: Record<string, string> = {
      reason: event.reason ?? '',
      reportingComponent: event.reportingComponent ?? '',
      source: event.source?.component || (event.reportingComponent ?? ''),
      type: event.type ?? '',
    };
    for (const name of referenceFields) fields[`involvedObject.${name}`] = event.involvedObject?.[name] ?? '';
    return fields;
  },
  validate(event) {
    // Events about objects of cluster scope live in the default namespace, or in kube-system.
    const wanted = event.involvedObject?.namespace ?? '';
    const namespace = namespaceOf(event);
    const fits = wanted === '' ? namespace === 'default' || namespace === 'kube-system' : wanted === namespace;
    return fits ? [] : [invalid('involvedObject.namespace', wanted, 'does not match event.namespace')];
  },
};
