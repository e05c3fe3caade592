/** Which objects of a resource a list or a watch wants. */
import { type FieldSelector, matchesFields, pinnedField } from '../api/field-selector.ts';
import { type LabelSelector, matchesLabels } from '../api/label-selector.ts';
import type { CacheEntry } from './cache-entry.ts';

export interface Selection {
  /** Empty: all namespaces. */
  readonly namespace: string;
  /** Empty: any. */
  readonly name: string;
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
}

/** Builds a selection; a field selector that pins name or namespace narrows it like the path would. */
export function selectionOf(namespace: string, name: string, labels: LabelSelector, fields: FieldSelector): Selection {
  return {
    namespace: namespace === '' ? (pinnedField(fields, 'metadata.namespace') ?? '') : namespace,
    name: name === '' ? (pinnedField(fields, 'metadata.name') ?? '') : name,
    labels,
    fields,
  };
}

/** Tells whether no selector is left to be evaluated once namespace and name fit. */
export function isUnfiltered(selection: Selection): boolean {
  return selection.labels.requirements.length === 0 && selection.fields.requirements.length === 0;
}

export function selects(selection: Selection, entry: CacheEntry): boolean {
  if (selection.namespace !== '' && entry.namespace !== selection.namespace) return false;
  if (selection.name !== '' && entry.name !== selection.name) return false;
  if (isUnfiltered(selection)) return true;
  const { labels, fields } = entry.facts;
  return matchesLabels(selection.labels, labels) && matchesFields(selection.fields, fields);
}
