/**
 * OpenAPI v2, for kubectl before 1.29: one document of all kinds, made from the documents of v3.
 *
 * Version 2 knows less: a reference stands by itself, and what is of one type or another is called a string, as Kubernetes calls it.
 * Models k8s.io/kube-openapi pkg/openapiconv and apiextensions-apiserver pkg/controller/openapi/v2.
 */
import { entriesOf, fieldOf, isJsonObject, itemsOf, type Json, type JsonObject } from '../api/json.ts';

const referenceStart = '#/components/schemas/';
/** What version 2 and its readers understand of a schema; all `x-` extensions besides. */
const schemaKeys: ReadonlySet<string> = new Set([
  'type',
  'format',
  'title',
  'description',
  'required',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'pattern',
]);

/** Returns the document of everything that `documents` of version 3 describe; of two schemas of one name the first. */
export function openapiV2(documents: readonly JsonObject[]): JsonObject {
  const paths: JsonObject = {};
  const definitions: JsonObject = {};
  for (const document of documents) {
    for (const [path, item] of entriesOf(document['paths'])) paths[path] = pathOf(item);
    const components = document['components'];
    for (const [name, schema] of entriesOf(isJsonObject(components) ? components['schemas'] : undefined)) {
      definitions[name] ??= schemaOf(schema);
    }
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'unversioned' }, paths, definitions };
}

function schemaOf(schema: Json): JsonObject {
  if (!isJsonObject(schema)) return {};
  const target = referenceOf(schema);
  if (target !== undefined) return { ...descriptionOf(schema), ...extensionsOf(schema), $ref: target };
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (schemaKeys.has(key) || key.startsWith('x-')) result[key] = value;
  }
  if (schema['oneOf'] !== undefined) result['type'] = 'string';
  const items = schema['items'];
  if (items !== undefined) result['items'] = schemaOf(items);
  const { additionalProperties, properties } = schema;
  if (isJsonObject(additionalProperties)) result['additionalProperties'] = schemaOf(additionalProperties);
  if (isJsonObject(properties)) {
    result['properties'] = Object.fromEntries(entriesOf(properties).map(([name, each]) => [name, schemaOf(each)]));
  }
  // Its readers would refuse a null where the type is.
  if (schema['nullable'] === true) delete result['type'];
  return result;
}

/** A reference stands alone, or as the only part of `allOf`. */
function referenceOf(schema: JsonObject): string | undefined {
  const { allOf, $ref } = schema;
  const [only] = Array.isArray(allOf) && allOf.length === 1 ? allOf : [];
  const target = $ref ?? (isJsonObject(only ?? null) ? fieldOf(only as JsonObject, '$ref') : undefined);
  return typeof target === 'string' ? target.replace(referenceStart, '#/definitions/') : undefined;
}

function descriptionOf({ description }: JsonObject): JsonObject {
  return description === undefined ? {} : { description };
}

function extensionsOf(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key.startsWith('x-')));
}

function pathOf(item: Json): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of entriesOf(item)) {
    result[key] = key === 'parameters' ? itemsOf(value).map(parameterOf) : operationOf(value);
  }
  return result;
}

function operationOf(operation: Json): JsonObject {
  if (!isJsonObject(operation)) return {};
  const { tags = [], parameters, requestBody, responses } = operation;
  const [[type = '*/*', media] = []] = entriesOf(
    isJsonObject(requestBody ?? null) ? contentOf(requestBody) : undefined,
  );
  const body = media === undefined ? [] : [{ in: 'body', name: 'body', required: true, schema: mediaSchema(media) }];
  return {
    tags,
    ...(media === undefined ? {} : { consumes: [type] }),
    produces: ['application/json'],
    parameters: [...body, ...itemsOf(parameters).map(parameterOf)],
    responses: Object.fromEntries(entriesOf(responses).map(([code, answer]) => [code, responseOf(answer)])),
    ...extensionsOf(operation),
  };
}

function parameterOf(parameter: Json): JsonObject {
  if (!isJsonObject(parameter)) return {};
  const { schema, ...rest } = parameter;
  return { ...rest, ...(isJsonObject(schema ?? null) ? (schema as JsonObject) : {}) };
}

function responseOf(answer: Json): JsonObject {
  const description = isJsonObject(answer) ? (answer['description'] ?? '') : '';
  const [[, media] = []] = entriesOf(contentOf(answer));
  return media === undefined ? { description } : { description, schema: mediaSchema(media) };
}

function mediaSchema(media: Json): JsonObject {
  return schemaOf(isJsonObject(media) ? (media['schema'] ?? null) : null);
}

function contentOf(owner: Json | undefined): Json | undefined {
  return isJsonObject(owner) ? owner['content'] : undefined;
}
