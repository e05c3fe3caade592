/** Validates x-kubernetes-validations: that rules compile and say what they are for. Models apiextensions-apiserver pkg/apis/apiextensions/validation. */
import type { CelCompiler } from '../../api/cel.ts';
import { at, child, type FieldError, invalid, notSupported, required } from '../../api/field-error.ts';
import { fieldOf, isJsonObject, type JsonObject } from '../../api/json.ts';
import { parseJsonPath } from '../../api/json-path.ts';

export interface RuleContext {
  readonly compiler: CelCompiler;
  /** Whether a value here can be found in the object before an update. */
  readonly isCorrelated: boolean;
}

const reasons: readonly string[] = [
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueDuplicate',
];

export function validateRules(tree: JsonObject, path: string, context: RuleContext): FieldError[] {
  const rules = fieldOf(tree, 'x-kubernetes-validations');
  if (!Array.isArray(rules)) return [];
  const place = child(path, 'x-kubernetes-validations');
  return rules.flatMap((rule, index) => (isJsonObject(rule) ? validateRule(rule, at(place, index), context) : []));
}

function validateRule(rule: JsonObject, path: string, context: RuleContext): FieldError[] {
  const errors: FieldError[] = [];
  const text = (name: string): string => {
    const value = fieldOf(rule, name);
    return typeof value === 'string' ? value : '';
  };
  if (text('rule').trim() === '') errors.push(required(child(path, 'rule'), 'rule is not specified'));
  else errors.push(...validateExpression(text('rule'), rule, path, context));
  const messageExpression = text('messageExpression');
  if (messageExpression !== '') {
    const compiled = context.compiler.compile(messageExpression, 'string');
    if (compiled.type === 'malformed') {
      const detail = `messageExpression compilation failed: ${compiled.message}`;
      errors.push(invalid(child(path, 'messageExpression'), rule, detail));
    }
  }
  const message = fieldOf(rule, 'message');
  if (typeof message === 'string' && message !== '' && message.trim() === '') {
    errors.push(invalid(child(path, 'message'), message, 'message must be non-empty if specified'));
  } else if (typeof message === 'string' && message.trim().includes('\n')) {
    errors.push(invalid(child(path, 'message'), message, 'message must not contain line breaks'));
  } else if (text('rule').trim().includes('\n') && text('message') === '') {
    errors.push(required(child(path, 'message'), 'message must be specified if rule contains line breaks'));
  }
  if (text('reason') !== '' && !reasons.includes(text('reason'))) {
    errors.push(notSupported(child(path, 'reason'), text('reason'), reasons));
  }
  const fieldPath = text('fieldPath');
  if (fieldPath !== '' && (!fieldPath.startsWith('.') || parseJsonPath(fieldPath) === undefined)) {
    errors.push(invalid(child(path, 'fieldPath'), fieldPath, 'fieldPath must be a valid path'));
  }
  return errors;
}

function validateExpression(
  expression: string,
  rule: JsonObject,
  path: string,
  { compiler, isCorrelated }: RuleContext,
): FieldError[] {
  const place = child(path, 'rule');
  const compiled = compiler.compile(expression, 'bool');
  if (compiled.type === 'malformed') return [invalid(place, rule, `compilation failed: ${compiled.message}`)];
  if (compiled.program.usesOldSelf && !isCorrelated) {
    return [invalid(place, rule, 'oldSelf cannot be used on the uncorrelatable portion of the schema')];
  }
  return [];
}
