/**
 * Bytes of a request body to a JSON tree. YAML is read as sigs.k8s.io/yaml reads it: version 1.1 words for booleans, dates left
 * as texts, a repeated key refused. Protobuf needs to know kinds, so it is read in src/kinds.
 */
import { parseDocument } from 'yaml';
import { utf8TextStrict } from '../base/bytes.ts';
import type { Json } from './json.ts';
import { scanJson } from './json-scan.ts';
import type { BodyFormat } from './request.ts';
import { badRequest } from './status-errors.ts';
import { fitsYamlDepth } from './yaml-depth.ts';

const timestampTag = 'tag:yaml.org,2002:timestamp';
/** Lower than for JSON, because it is a bound on what indentation could mean. */
const yamlDepthMax = 300;
/** How often an anchor may be repeated; more is a bomb. */
const aliasesMax = 100;

/** Everything that walks a tree recurses, so a body may not nest deeper than the stack allows with plenty to spare. */
export const bodyDepthMax = 500;

/** Decodes a body. Throws StatusError BadRequest for what does not parse. */
export function parseBody(bytes: Uint8Array, format: Exclude<BodyFormat, 'protobuf'>): Json {
  const tree = format === 'yaml' || format === 'applyPatch' ? parseYaml(bytes) : parseJson(bytes);
  // Each level takes two bytes at least in JSON; YAML can be shorter, by aliases.
  const mayBeDeep = bytes.length > 2 * bodyDepthMax || format === 'yaml' || format === 'applyPatch';
  if (mayBeDeep && !fitsDepth(tree, bodyDepthMax)) throw badRequest('the body of the request exceeded max depth');
  return tree;
}

function parseJson(bytes: Uint8Array): Json {
  let text = '';
  try {
    text = utf8TextStrict(bytes);
    return JSON.parse(text) as Json;
  } catch (cause: unknown) {
    const problem = text === '' ? undefined : scanJson(text).error;
    throw badRequest(`couldn't get version/kind; json parse error: ${problem ?? messageOf(cause)}`);
  }
}

function parseYaml(bytes: Uint8Array): Json {
  try {
    const text = utf8TextStrict(bytes);
    if (!fitsYamlDepth(text, yamlDepthMax)) throw new RangeError('exceeded max depth');
    const document = parseDocument(text, {
      schema: 'yaml-1.1',
      merge: true,
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || tag.tag !== timestampTag),
    });
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    // A round trip through text turns keys that are numbers into texts and drops what JSON lacks.
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: aliasesMax }) ?? null)) as Json;
  } catch (cause: unknown) {
    throw badRequest(`error converting YAML to JSON: yaml: ${messageOf(cause)}`);
  }
}

function fitsDepth(tree: Json, depth: number): boolean {
  if (typeof tree !== 'object' || tree === null) return true;
  return depth > 0 && Object.values(tree).every((item) => fitsDepth(item, depth - 1));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
