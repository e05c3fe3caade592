/**
 * Bytes of a request body to a JSON tree. YAML is read as sigs.k8s.io/yaml reads it: version 1.1 words for booleans, dates left
 * as texts, a repeated key refused. Protobuf will be one more case here.
 */
import { parseDocument } from 'yaml';
import { utf8TextStrict } from '../base/bytes.ts';
import type { Json } from './json.ts';
import type { BodyFormat } from './request.ts';
import { badRequest, unsupportedMediaType } from './status-errors.ts';

const timestampTag = 'tag:yaml.org,2002:timestamp';

/** Decodes a body. Throws StatusError: BadRequest for what does not parse, UnsupportedMediaType for protobuf as yet. */
export function parseBody(bytes: Uint8Array, format: BodyFormat): Json {
  if (format === 'protobuf') throw unsupportedMediaType(['application/json', 'application/yaml']);
  const text = textOf(bytes);
  return format === 'yaml' || format === 'applyPatch' ? parseYaml(text) : parseJson(text);
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8TextStrict(bytes);
  } catch {
    throw badRequest('the body of the request is not valid UTF-8');
  }
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause: unknown) {
    throw badRequest(`couldn't get version/kind; json parse error: ${cause instanceof Error ? cause.message : ''}`);
  }
}

function parseYaml(text: string): Json {
  const document = parseDocument(text, {
    schema: 'yaml-1.1',
    merge: true,
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || tag.tag !== timestampTag),
  });
  const [problem] = document.errors;
  if (problem !== undefined) throw badRequest(`error converting YAML to JSON: yaml: ${problem.message}`);
  // A round trip through text turns keys that are numbers into texts and drops what JSON lacks.
  return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? null)) as Json;
}
