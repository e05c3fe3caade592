/**
 * The body of a server-side apply: YAML, of which JSON is a part. It is not decoded as other bodies are, for what is owned is what the client wrote and
 * nothing else; so it is the type's shape that it must fit.
 * Models apimachinery pkg/util/managedfields/internal/{versioncheck,structuredmerge}.go.
 */
import { parseBody } from '../api/body.ts';
import { apiVersionOf, type GroupVersionKind, parseApiVersion } from '../api/group-version.ts';
import { fieldOf, isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { checkConfiguration, formatFindings } from '../api/managed-fields/check-configuration.ts';
import type { FieldValidationMode, PatchOptions } from '../api/request.ts';
import { badRequest, isBadRequest } from '../api/status-errors.ts';
import { utf8TextStrict } from '../base/bytes.ts';
import type { KindShapes } from '../kinds/type-shape.ts';
import { type Call, presentBody } from './call.ts';

export interface Configuration {
  readonly configuration: JsonObject;
  readonly warnings: readonly string[];
}

/** Returns the configuration in the body of a request, which is of that kind and fits its type. Throws StatusError. */
export function configurationOf(
  call: Call,
  kind: GroupVersionKind,
  shapes: KindShapes,
  { fieldValidation }: PatchOptions,
): Configuration {
  const { tree, warnings } = parsedBody(presentBody(call).bytes, fieldValidation);
  if (!isJsonObject(tree)) {
    throw badRequest(`error decoding YAML: json: cannot unmarshal into Go value of type map[string]interface {}`);
  }
  checkKind(tree, kind);
  const metadata = fieldOf(tree, 'metadata');
  if (isJsonObject(metadata) && (fieldOf(metadata, 'managedFields') ?? null) !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const findings = checkConfiguration(shapes.kind(kind), tree);
  // Kubernetes calls this an error of its own (500); it is the client's.
  if (findings.length > 0) {
    const subject = `failed to create typed patch object (${nameForPeople(tree)})`;
    throw badRequest(`${subject}: ${formatFindings(findings)}`);
  }
  return { configuration: tree, warnings };
}

function checkKind(tree: JsonObject, expected: GroupVersionKind): void {
  if (tree['kind'] === expected.kind && tree['apiVersion'] === apiVersionOf(expected)) return;
  throw badRequest(`invalid object type: ${kindForPeople(tree)}`);
}

/** JSON is read as such, since it is what kubectl sends and takes a tenth of the time; but only YAML's reader sees a field that is there twice. */
function parsedBody(
  bytes: Uint8Array,
  mode: FieldValidationMode,
): { readonly tree: Json; readonly warnings: readonly string[] } {
  const json = jsonOf(bytes);
  if (json !== undefined && countNames(utf8TextStrict(bytes)) === countFields(json))
    return { tree: json, warnings: [] };
  try {
    return { tree: parseBody(bytes, 'applyPatch'), warnings: [] };
  } catch (error: unknown) {
    if (!isBadRequest(error)) throw error;
    if (json === undefined) throw badRequest(`error decoding YAML: ${error.message}`);
    const complaint = `error strict decoding YAML: ${error.message}`;
    if (mode === 'Strict') throw badRequest(complaint);
    return { tree: json, warnings: mode === 'Warn' ? [complaint] : [] };
  }
}

function jsonOf(bytes: Uint8Array): Json | undefined {
  try {
    return parseBody(bytes, 'json');
  } catch {
    return undefined;
  }
}

/** Counts the names of fields in a JSON text. */
function countNames(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) count += 1;
  return count;
}

function countFields(tree: Json): number {
  if (typeof tree !== 'object' || tree === null) return 0;
  const items = Object.values(tree);
  return items.reduce<number>((sum, item) => sum + countFields(item), Array.isArray(tree) ? 0 : items.length);
}

/** `default/web; apps/v1, Kind=Deployment`. */
function nameForPeople(tree: JsonObject): string {
  const metadata = fieldOf(tree, 'metadata');
  const textOf = (name: string): string => String((isJsonObject(metadata) ? fieldOf(metadata, name) : undefined) ?? '');
  return `${textOf('namespace')}/${textOf('name')}; ${kindForPeople(tree)}`;
}

function kindForPeople(tree: JsonObject): string {
  const { group, version } = parseApiVersion(String(tree['apiVersion'] ?? '')) ?? { group: '', version: '' };
  return `${group}/${version}, Kind=${String(tree['kind'] ?? '')}`;
}
