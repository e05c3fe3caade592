/**
 * Field selectors: `metadata.name=web,status.phase!=Running`. A backslash escapes `\`, `,` and `=`.
 * Which fields can be selected is said by each kind. Models apimachinery pkg/fields/selector.go.
 */
import { badRequest } from './status-errors.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All requirements must hold. Empty matches everything. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
}

/** The selectable fields of one object. A field that the object lacks counts as empty. */
export type SelectableFields = Readonly<Record<string, string>>;

export const everyField: FieldSelector = { requirements: [] };

/** Parses `text`; an empty text selects everything. Throws StatusError BadRequest. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === '') continue;
    const match = /^((?:\\.|[^\\=!]|!(?!=))*)(==|!=|=)(.*)$/s.exec(term);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = match;
    requirements.push({ field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value, text) });
  }
  return { requirements };
}

/** Returns the text form, which parses back to an equal selector. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector.requirements
    .map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`)
    .join(',');
}

export function matchesFields(selector: FieldSelector, fields: SelectableFields): boolean {
  return selector.requirements.every(({ field, operator, value }) => {
    const actual = Object.hasOwn(fields, field) ? fields[field] : '';
    return (actual === value) === (operator === '=');
  });
}

/** Returns the value that `field` must have, if the selector pins it: the index to use for a watch or a list. */
export function pinnedField(selector: FieldSelector, field: string): string | undefined {
  return selector.requirements.find((requirement) => requirement.field === field && requirement.operator === '=')
    ?.value;
}

function splitTerms(text: string): readonly string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === ',') {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeValue(value: string, selector: string): string {
  if (!/[\\,=]/.test(value)) return value;
  let result = '';
  for (let index = 0; index < value.length; index += 1) {
    const character = value[index] as string;
    if (character === '\\') {
      index += 1;
      const next = value[index];
      if (next === undefined || !'\\,='.includes(next)) {
        throw badRequest(`invalid field selector: invalid escape sequence: \\${next ?? ''}`);
      }
      result += next;
    } else if (character === '=') {
      throw badRequest(`invalid field selector: unescaped character in '${selector}': ${character}`);
    } else result += character;
  }
  return result;
}
