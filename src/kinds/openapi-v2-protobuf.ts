/**
 * The document of OpenAPI v2 as protobuf, the only form in which kubectl before 1.29 takes it. Whatever the message has no field of its own for
 * travels as text: JSON, which is YAML too. The numbers are those of `openapi.v2` in gnostic's OpenAPIv2.proto.
 */
import { entriesOf, isJsonObject, itemsOf, type Json, type JsonObject } from '../api/json.ts';
import { ProtobufWriter } from '../api/protobuf-writer.ts';

const methods: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 };

/** Returns the message `Document` of what openapiV2 returned. */
export function openapiV2Bytes({ swagger, info, paths, definitions }: JsonObject): Uint8Array<ArrayBuffer> {
  const document = new ProtobufWriter().text(1, textOf(swagger));
  document.message(2, (out) => {
    if (isJsonObject(info)) out.text(1, textOf(info['title'])).text(2, textOf(info['version']));
  });
  document.message(8, (out) => {
    for (const [path, item] of entriesOf(paths)) writeNamed(out, 2, path, () => writePath(out, item));
  });
  document.message(9, (out) => writeSchemas(out, definitions));
  return document.finish();
}

/** All maps of this format are lists of a name and a value. */
function writeNamed(out: ProtobufWriter, number: number, name: string, write: () => void): void {
  out.message(number, () => out.text(1, name).message(2, write));
}

function writeSchemas(out: ProtobufWriter, schemas: Json | undefined): void {
  for (const [name, schema] of entriesOf(schemas)) writeNamed(out, 1, name, () => writeSchema(out, schema));
}

function writeSchema(out: ProtobufWriter, schema: Json): void {
  if (!isJsonObject(schema)) return;
  const { required, enum: choices, additionalProperties, type, items, properties } = schema;
  out.text(1, textOf(schema['$ref'])).text(2, textOf(schema['format'])).text(3, textOf(schema['title']));
  out.text(4, textOf(schema['description'])).text(13, textOf(schema['pattern']));
  out.texts(19, itemsOf(required).map(String));
  for (const choice of itemsOf(choices)) out.message(20, () => out.text(2, JSON.stringify(choice)));
  if (isJsonObject(additionalProperties ?? null)) {
    out.message(21, () => out.message(1, () => writeSchema(out, additionalProperties as Json)));
  }
  if (typeof type === 'string') out.message(22, () => out.text(1, type));
  if (items !== undefined) out.message(23, () => out.message(1, () => writeSchema(out, items)));
  if (isJsonObject(properties)) out.message(25, () => writeSchemas(out, properties));
  writeExtensions(out, 31, schema);
}

function writePath(out: ProtobufWriter, item: Json): void {
  for (const [key, value] of entriesOf(item)) {
    const method = methods[key];
    if (method !== undefined) out.message(method, () => writeOperation(out, value));
    else if (key === 'parameters') for (const each of itemsOf(value)) out.message(9, () => writeParameter(out, each));
  }
}

function writeOperation(out: ProtobufWriter, operation: Json): void {
  if (!isJsonObject(operation)) return;
  out.texts(1, itemsOf(operation['tags']).map(String));
  out.texts(6, itemsOf(operation['produces']).map(String)).texts(7, itemsOf(operation['consumes']).map(String));
  for (const each of itemsOf(operation['parameters'])) out.message(8, () => writeParameter(out, each));
  out.message(9, () => {
    for (const [code, answer] of entriesOf(operation['responses'])) {
      writeNamed(out, 1, code, () => out.message(1, () => writeResponse(out, answer)));
    }
  });
  writeExtensions(out, 13, operation);
}

/** `ParametersItem`, in it a `Parameter`, in it one of a body, a query or a path. */
function writeParameter(out: ProtobufWriter, parameter: Json): void {
  if (!isJsonObject(parameter)) return;
  const place = textOf(parameter['in']);
  const isRequired = parameter['required'] === true;
  const name = textOf(parameter['name']);
  out.message(1, () => {
    if (place === 'body') {
      out.message(1, () => {
        out.text(2, name).text(3, place).bool(4, isRequired);
        out.message(5, () => writeSchema(out, parameter['schema'] ?? null));
      });
      return;
    }
    const isQuery = place === 'query';
    out.message(2, () =>
      out.message(isQuery ? 3 : 4, () => {
        out.bool(1, isRequired).text(2, place).text(4, name);
        out.text(isQuery ? 6 : 5, textOf(parameter['type']));
      }),
    );
  });
}

function writeResponse(out: ProtobufWriter, answer: Json): void {
  if (!isJsonObject(answer)) return;
  const { description, schema } = answer;
  out.text(1, textOf(description));
  if (schema !== undefined) out.message(2, () => out.message(1, () => writeSchema(out, schema)));
}

function writeExtensions(out: ProtobufWriter, number: number, owner: JsonObject): void {
  for (const [name, value] of Object.entries(owner)) {
    if (name.startsWith('x-')) writeNamed(out, number, name, () => out.text(2, JSON.stringify(value)));
  }
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
