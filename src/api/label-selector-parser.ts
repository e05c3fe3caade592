/**
 * The text form of label selectors: `a=b,c!=d,e in (x,y),f notin (z),g,!h,i>1`.
 * A lexer and a recursive-descent parser with the grammar and the complaints of apimachinery pkg/labels/selector.go, where
 * `in` and `notin` are words of the language only in the place of an operator.
 */
import { type FieldError, formatFieldErrors, invalid } from './field-error.ts';
import {
  isInteger,
  type LabelOperator,
  type LabelRequirement,
  type LabelSelector,
  labelSelector,
} from './label-selector.ts';
import { checkLabelValue, checkQualifiedName } from './names.ts';
import { badRequest } from './status-errors.ts';

type TokenType = 'end' | 'word' | ',' | '(' | ')' | '!' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin';

interface Token {
  readonly type: TokenType;
  readonly text: string;
}

const tokenPattern = /[ \t\r\n]*(?:(==|!=|[=!<>(),])|([^ \t\r\n=!<>(),]+))/y;
const operators: Readonly<Partial<Record<TokenType, LabelOperator>>> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  in: 'in',
  notin: 'notin',
  '>': 'gt',
  '<': 'lt',
};
const operatorNames = 'in, notin, =, ==, !=, gt, lt';

/** Parses `text`; an empty text selects everything. Throws StatusError BadRequest. */
export function parseLabelSelector(text: string): LabelSelector {
  return new Parser(tokenize(text)).selector();
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  for (let match = tokenPattern.exec(text); match !== null; match = tokenPattern.exec(text)) {
    const symbol = match[1];
    const word = match[2] ?? '';
    if (symbol !== undefined) tokens.push({ type: symbol as TokenType, text: symbol });
    else tokens.push({ type: word === 'in' || word === 'notin' ? word : 'word', text: word });
  }
  return tokens;
}

const endToken: Token = { type: 'end', text: '' };

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  selector(): LabelSelector {
    const requirements: LabelRequirement[] = [];
    const first = this.#peek();
    if (first.type === 'end') return labelSelector(requirements);
    if (first.type !== 'word' && first.type !== '!') {
      throw badRequest(`found '${first.text}', expected: !, identifier, or 'end of string'`);
    }
    for (;;) {
      requirements.push(this.#requirement());
      const separator = this.#take();
      if (separator.type === 'end') return labelSelector(requirements);
      if (separator.type !== ',') throw badRequest(`found '${separator.text}', expected: ',' or 'end of string'`);
      const next = this.#peek();
      if (next.type !== 'word' && next.type !== '!') {
        throw badRequest(`found '${next.text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): LabelRequirement {
    let token = this.#take();
    const isNegated = token.type === '!';
    if (isNegated) token = this.#take();
    if (token.type !== 'word') throw unparsable(`found '${token.text}', expected: identifier`);
    const key = token.text;
    if (isNegated) return checked({ key, operator: '!', values: [] });
    const next = this.#peek();
    if (next.type === 'end' || next.type === ',') return checked({ key, operator: 'exists', values: [] });
    const symbol = this.#takeOperator();
    const operator = operators[symbol.type];
    if (operator === undefined) throw unparsable(`found '${symbol.text}', expected: ${operatorNames}`);
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()];
    return checked({ key, operator, values });
  }

  #values(): string[] {
    const open = this.#take();
    if (open.type !== '(') throw unparsable(`found '${open.text}' expected: '('`);
    const values: string[] = [];
    if (this.#peek().type === ')') {
      this.#take();
      return values;
    }
    for (;;) {
      values.push(this.#peek().type === 'word' ? this.#take().text : '');
      const separator = this.#take();
      if (separator.type === ')') return values;
      if (separator.type !== ',') throw unparsable(`found '${separator.text}', expected: ',' or ')'`);
    }
  }

  #exactValue(): string {
    const next = this.#peek();
    if (next.type === 'end' || next.type === ',') return '';
    if (next.type !== 'word') throw unparsable(`found '${next.text}', expected: identifier`);
    return this.#take().text;
  }

  /** Where no operator may stand, `in` and `notin` are plain words. */
  #peek(): Token {
    const token = this.#tokens[this.#position] ?? endToken;
    return token.type === 'in' || token.type === 'notin' ? { type: 'word', text: token.text } : token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#position += 1;
    return token;
  }

  #takeOperator(): Token {
    const token = this.#tokens[this.#position] ?? endToken;
    this.#position += 1;
    return token;
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement;
  const errors: FieldError[] = [];
  const keyComplaints = checkQualifiedName(key);
  if (keyComplaints.length > 0) errors.push(invalid('key', key, keyComplaints.join('; ')));
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    errors.push(invalid('values', values, "for 'in', 'notin' operators, values set can't be empty"));
  }
  for (const [index, value] of values.entries()) {
    const complaints = checkLabelValue(value);
    if (complaints.length > 0) errors.push(invalid(`values[${index}][${key}]`, value, complaints.join('; ')));
    else if ((operator === 'gt' || operator === 'lt') && !isInteger(value)) {
      errors.push(invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
  }
  if (errors.length > 0) throw unparsable(formatFieldErrors(errors));
  return requirement;
}

function unparsable(message: string): Error {
  return badRequest(`unable to parse requirement: ${message}`);
}
