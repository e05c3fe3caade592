/**
 * From client-side apply to server-side apply without conflicts: kubectl noted what it applied in an annotation, and what stands there, and is still
 * so, it may take over from its former self. Models apimachinery pkg/util/managedfields/internal/{lastapplied,lastappliedupdater}.go.
 */
import { fieldOf, isJsonObject, type Json, type JsonObject, sortedJson } from '../json.ts';
import { compareValues } from './compare.ts';
import { differenceOf, type FieldSet, noFields } from './field-set.ts';
import { appliedFields } from './present-fields.ts';
import type { TypeShape } from './type-shape.ts';

/** The manager that upgrades, and keeps the annotation in step. */
export const upgradingManager = 'kubectl';
const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** What all annotations together may take. */
const annotationBytesMax = 256 * 1024;

/** Returns the fields that kubectl applied at its client and that are still as it applied them. */
export function fieldsLastApplied(shape: TypeShape, live: JsonObject, apiVersion: string): FieldSet {
  const text = noteOf(live);
  const applied = text === undefined ? undefined : parsed(text);
  if (!isJsonObject(applied) || applied['apiVersion'] !== apiVersion) return noFields;
  const { added, modified, removed } = compareValues(shape, applied, live);
  return [modified, added, removed].reduce(differenceOf, appliedFields(shape, applied));
}

/** Returns `object` with the note of what was applied renewed, if it has one. */
export function withNote(object: JsonObject, configuration: JsonObject): JsonObject {
  if (noteOf(object) === undefined) return object;
  const metadata = object['metadata'] as JsonObject;
  const annotations = { ...(metadata['annotations'] as JsonObject) };
  const text = `${sortedJson(withoutNote(configuration))}\n`;
  if (text.length > annotationBytesMax) delete annotations[annotation];
  else annotations[annotation] = text;
  return { ...object, metadata: { ...metadata, annotations } };
}

function noteOf(object: JsonObject): string | undefined {
  const metadata = fieldOf(object, 'metadata');
  const annotations = isJsonObject(metadata) ? fieldOf(metadata, 'annotations') : undefined;
  const text = isJsonObject(annotations) ? fieldOf(annotations, annotation) : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** As kubectl writes it: with annotations, be they empty, but without the note itself. */
function withoutNote(configuration: JsonObject): JsonObject {
  const metadata = fieldOf(configuration, 'metadata');
  if (!isJsonObject(metadata)) return configuration;
  const annotations = fieldOf(metadata, 'annotations');
  const rest = { ...(isJsonObject(annotations) ? annotations : {}) };
  delete rest[annotation];
  return { ...configuration, metadata: { ...metadata, annotations: rest } };
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
