/**
 * A structural schema: what a CustomResourceDefinition says about its objects, in the form that pruning, defaulting, validation and
 * whoever merges objects by their shape (lists that are sets or maps) read. Made once from a JSONSchemaProps tree and then immutable.
 *
 * The members of allOf, anyOf, oneOf and not have the same form; in them only what constrains values is set.
 * Models apiextensions-apiserver pkg/apiserver/schema/structural.go.
 */
import { goPattern, type Pattern } from '../../api/go-pattern.ts';
import { fieldOf, isJsonObject, type Json, type JsonObject } from '../../api/json.ts';

export type StructuralType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';

/** One rule of x-kubernetes-validations. */
export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression: string;
  readonly reason: string;
  readonly fieldPath: string;
  readonly optionalOldSelf: boolean;
}

export interface StructuralSchema {
  /** Undefined: of any type, or an integer or a string when `isIntOrString`. */
  readonly type: StructuralType | undefined;
  readonly isNullable: boolean;
  readonly isIntOrString: boolean;
  readonly isEmbeddedResource: boolean;
  readonly preservesUnknownFields: boolean;
  readonly properties: ReadonlyMap<string, StructuralSchema>;
  /** Of values under any other name; `true`: anything goes there. */
  readonly additionalProperties: StructuralSchema | true | undefined;
  readonly items: StructuralSchema | undefined;
  readonly default: Json | undefined;
  /** Whether a default stands here or anywhere below. */
  readonly hasDefaults: boolean;
  readonly listType: 'atomic' | 'set' | 'map' | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: 'atomic' | 'granular' | undefined;
  readonly rules: readonly ValidationRule[];
  /** Whether rules stand here or anywhere below. */
  readonly hasRules: boolean;
  readonly checks: ValueChecks;
}

/** What constrains values. Numbers are inclusive bounds unless `exclusive…` says otherwise. */
export interface ValueChecks {
  readonly format: string;
  readonly maximum: number | undefined;
  readonly exclusiveMaximum: boolean;
  readonly minimum: number | undefined;
  readonly exclusiveMinimum: boolean;
  readonly multipleOf: number | undefined;
  readonly maxLength: number | undefined;
  readonly minLength: number | undefined;
  readonly pattern: string;
  /** Undefined when there is none, or when nobody here can read it. */
  readonly compiledPattern: Pattern | undefined;
  readonly maxItems: number | undefined;
  readonly minItems: number | undefined;
  readonly maxProperties: number | undefined;
  readonly minProperties: number | undefined;
  readonly required: readonly string[];
  readonly enum: readonly Json[] | undefined;
  readonly allOf: readonly StructuralSchema[];
  readonly anyOf: readonly StructuralSchema[];
  readonly oneOf: readonly StructuralSchema[];
  readonly not: StructuralSchema | undefined;
}

/** Reads a JSONSchemaProps tree that has passed validation; what is malformed is read as absent. */
export function structuralSchema(tree: JsonObject): StructuralSchema {
  const properties = mapOf(tree, 'properties');
  const additional = fieldOf(tree, 'additionalProperties');
  const additionalProperties = additional === true ? true : schemaOf(additional);
  const items = schemaOf(fieldOf(tree, 'items'));
  const own = fieldOf(tree, 'default');
  const rules = listOf(tree, 'x-kubernetes-validations').filter(isJsonObject).map(ruleOf);
  const inner = [...properties.values(), items, additionalProperties === true ? undefined : additionalProperties];
  return {
    type: textOf(tree, 'type') === '' ? undefined : (textOf(tree, 'type') as StructuralType),
    isNullable: fieldOf(tree, 'nullable') === true,
    isIntOrString: fieldOf(tree, 'x-kubernetes-int-or-string') === true,
    isEmbeddedResource: fieldOf(tree, 'x-kubernetes-embedded-resource') === true,
    preservesUnknownFields: fieldOf(tree, 'x-kubernetes-preserve-unknown-fields') === true,
    properties,
    additionalProperties,
    items,
    default: own,
    hasDefaults: own !== undefined || inner.some((each) => each?.hasDefaults === true),
    listType: choiceOf(tree, 'x-kubernetes-list-type'),
    listMapKeys: textsOf(tree, 'x-kubernetes-list-map-keys'),
    mapType: choiceOf(tree, 'x-kubernetes-map-type'),
    rules,
    hasRules: rules.length > 0 || inner.some((each) => each?.hasRules === true),
    checks: checksOf(tree),
  };
}

const noChecks: ValueChecks = Object.freeze({
  format: '',
  maximum: undefined,
  exclusiveMaximum: false,
  minimum: undefined,
  exclusiveMinimum: false,
  multipleOf: undefined,
  maxLength: undefined,
  minLength: undefined,
  pattern: '',
  compiledPattern: undefined,
  maxItems: undefined,
  minItems: undefined,
  maxProperties: undefined,
  minProperties: undefined,
  required: Object.freeze([]),
  enum: undefined,
  allOf: Object.freeze([]),
  anyOf: Object.freeze([]),
  oneOf: Object.freeze([]),
  not: undefined,
});
const checkNames = Object.keys(noChecks).filter((name) => name !== 'compiledPattern');

/** Most schemas constrain nothing; they share one value. */
function checksOf(tree: JsonObject): ValueChecks {
  if (!checkNames.some((name) => Object.hasOwn(tree, name))) return noChecks;
  const pattern = textOf(tree, 'pattern');
  const choices = fieldOf(tree, 'enum');
  return {
    format: textOf(tree, 'format'),
    maximum: numberOf(tree, 'maximum'),
    exclusiveMaximum: fieldOf(tree, 'exclusiveMaximum') === true,
    minimum: numberOf(tree, 'minimum'),
    exclusiveMinimum: fieldOf(tree, 'exclusiveMinimum') === true,
    multipleOf: numberOf(tree, 'multipleOf'),
    maxLength: numberOf(tree, 'maxLength'),
    minLength: numberOf(tree, 'minLength'),
    pattern,
    compiledPattern: pattern === '' ? undefined : goPattern(pattern),
    maxItems: numberOf(tree, 'maxItems'),
    minItems: numberOf(tree, 'minItems'),
    maxProperties: numberOf(tree, 'maxProperties'),
    minProperties: numberOf(tree, 'minProperties'),
    required: textsOf(tree, 'required'),
    enum: Array.isArray(choices) && choices.length > 0 ? choices : undefined,
    allOf: schemasOf(tree, 'allOf'),
    anyOf: schemasOf(tree, 'anyOf'),
    oneOf: schemasOf(tree, 'oneOf'),
    not: schemaOf(fieldOf(tree, 'not')),
  };
}

function ruleOf(tree: JsonObject): ValidationRule {
  return {
    rule: textOf(tree, 'rule'),
    message: textOf(tree, 'message'),
    messageExpression: textOf(tree, 'messageExpression'),
    reason: textOf(tree, 'reason'),
    fieldPath: textOf(tree, 'fieldPath'),
    optionalOldSelf: fieldOf(tree, 'optionalOldSelf') === true,
  };
}

function schemaOf(tree: Json | undefined): StructuralSchema | undefined {
  return isJsonObject(tree) ? structuralSchema(tree) : undefined;
}

function schemasOf(tree: JsonObject, name: string): readonly StructuralSchema[] {
  return listOf(tree, name).filter(isJsonObject).map(structuralSchema);
}

function mapOf(tree: JsonObject, name: string): ReadonlyMap<string, StructuralSchema> {
  const map = fieldOf(tree, name);
  const found = new Map<string, StructuralSchema>();
  if (!isJsonObject(map)) return found;
  for (const [key, value] of Object.entries(map)) if (isJsonObject(value)) found.set(key, structuralSchema(value));
  return found;
}

function listOf(tree: JsonObject, name: string): readonly Json[] {
  const list = fieldOf(tree, name);
  return Array.isArray(list) ? list : [];
}

function textsOf(tree: JsonObject, name: string): readonly string[] {
  return listOf(tree, name).filter((item) => typeof item === 'string');
}

function textOf(tree: JsonObject, name: string): string {
  const text = fieldOf(tree, name);
  return typeof text === 'string' ? text : '';
}

function numberOf(tree: JsonObject, name: string): number | undefined {
  const value = fieldOf(tree, name);
  return typeof value === 'number' ? value : undefined;
}

function choiceOf<Choice extends string>(tree: JsonObject, name: string): Choice | undefined {
  const text = textOf(tree, name);
  return text === '' ? undefined : (text as Choice);
}
