/**
 * Whether a configuration fits its type: fields that the type does not have, values of another kind, items that cannot be told apart. Whoever
 * applies is told, for what he claims must be what he gets. Models structured-merge-diff typed/validate.go.
 */
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { fieldElement, formatPath, itemElement } from './path-element.ts';
import {
  fieldShape,
  type ListShape,
  type MapShape,
  resolveShape,
  type ScalarKind,
  type TypeShape,
} from './type-shape.ts';

const findingsMax = 100;

/** Returns one line for each finding, `PATH: TEXT`; empty when the value fits. */
export function checkConfiguration(shape: TypeShape, value: Json): readonly string[] {
  const findings: string[] = [];
  check(shape, value, [], findings);
  return findings;
}

/** Returns findings as one message, in the form of structured-merge-diff. */
export function formatFindings(findings: readonly string[]): string {
  return findings.length === 1 ? (findings[0] as string) : `errors:\n${findings.map((each) => `  ${each}`).join('\n')}`;
}

function check(shape: TypeShape, value: Json, path: readonly string[], findings: string[]): void {
  // Null stands for every type's nothing.
  if (value === null || findings.length >= findingsMax) return;
  const resolved = resolveShape(shape, value);
  switch (resolved.type) {
    case 'scalar':
      checkScalar(resolved.kind, value, path, findings);
      return;
    case 'list':
      if (Array.isArray(value)) checkItems(resolved, value, path, findings);
      else report(path, `expected list, got ${goTypeOf(value)}`, findings);
      return;
    case 'map':
      if (isJsonObject(value)) checkMembers(resolved, value, path, findings);
      else report(path, `expected map, got ${goTypeOf(value)}`, findings);
  }
}

const expectations: Readonly<Record<Exclude<ScalarKind, 'any'>, readonly [type: string, text: string]>> = {
  string: ['string', 'expected string'],
  boolean: ['boolean', 'expected boolean'],
  numeric: ['number', 'expected numeric (int or float)'],
};

function checkScalar(kind: ScalarKind, value: Json, path: readonly string[], findings: string[]): void {
  if (kind === 'any') {
    if (typeof value === 'object') report(path, `expected scalar, got ${goTypeOf(value)}`, findings);
    return;
  }
  const [type, text] = expectations[kind];
  if (typeof value !== type) report(path, `${text}, got ${goTypeOf(value)}`, findings);
}

function checkItems(shape: ListShape, items: readonly Json[], path: readonly string[], findings: string[]): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const complaint = shape.merge === 'atomic' ? undefined : itemComplaint(shape, item);
    if (complaint !== undefined) {
      report(path, `element ${index}: ${complaint}`, findings);
      continue;
    }
    const element = shape.merge === 'atomic' ? `i:${index}` : itemElement(shape, item);
    if (seen.has(element)) report(path, `duplicate entries for key ${formatPath([element])}`, findings);
    seen.add(element);
    check(shape.item, item, [...path, element], findings);
  }
}

function itemComplaint(shape: ListShape, item: Json): string | undefined {
  if (shape.merge === 'set') {
    if (item === null) return "associative list without keys has an element that's a null element";
    return typeof item === 'object'
      ? `associative list without keys has an element that's a ${Array.isArray(item) ? 'list' : 'map'} type`
      : undefined;
  }
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isJsonObject(item)) return 'associative list with keys may not have non-map elements';
  const missing = shape.keys.find((key) => (item[key.name] ?? key.default) === undefined);
  if (missing === undefined) return undefined;
  const name = JSON.stringify(missing.name);
  return `associative list with keys has an element that omits key field ${name} (and doesn't have default value)`;
}

function checkMembers(shape: MapShape, value: JsonObject, path: readonly string[], findings: string[]): void {
  for (const name of Object.keys(value)) {
    const here = [...path, fieldElement(name)];
    if (shape.field(name) === undefined && shape.others === undefined) {
      report(here, 'field not declared in schema', findings);
    } else {
      check(fieldShape(shape, name), value[name] as Json, here, findings);
    }
  }
}

function report(path: readonly string[], text: string, findings: string[]): void {
  findings.push(path.length === 0 ? text : `${formatPath(path)}: ${text}`);
}

function goTypeOf(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int64' : 'float64';
    default:
      return 'map[string]interface {}';
  }
}
