/** Works out `$((...))`: whole numbers, the operators of C, variables by name. */
import { ShellSyntaxError } from './syntax.ts';

const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** `valueOf` gives a variable's text; `assign` takes what an assignment gives it. */
export function calculate(
  text: string,
  valueOf: (name: string) => string,
  assign: (name: string, value: number) => void,
): number {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|\|\||&&|[=!<>]=|[-+*/%]=|[-+*/%<>=!()?:]|\S/g) ?? [];
  let at = 0;
  const take = (token: string): void => {
    if (tokens[at] !== token) throw new ShellSyntaxError(`arithmetic: expected "${token}"`);
    at += 1;
  };
  const unary = (): number => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token === '-') return -unary();
    if (token === '+') return unary();
    if (token === '!') return unary() === 0 ? 1 : 0;
    if (token === '(') {
      const value = assignment();
      take(')');
      return value;
    }
    if (/^\d+$/.test(token)) return Number(token);
    if (/^[A-Za-z_]\w*$/.test(token)) return Math.trunc(Number(valueOf(token))) || 0;
    throw new ShellSyntaxError(`arithmetic: unexpected "${token}"`);
  };
  const binary = (level: number): number => {
    const operators = levels[level];
    if (operators === undefined) return unary();
    let left = binary(level + 1);
    for (let operator = tokens[at]; operator !== undefined && operators.includes(operator); operator = tokens[at]) {
      at += 1;
      left = combine(left, operator, binary(level + 1));
    }
    return left;
  };
  const choice = (): number => {
    const condition = binary(0);
    if (tokens[at] !== '?') return condition;
    at += 1;
    const first = assignment();
    take(':');
    const second = assignment();
    return condition === 0 ? second : first;
  };
  const assignment = (): number => {
    const name = tokens[at] ?? '';
    const operator = tokens[at + 1] ?? '';
    if (!/^[A-Za-z_]/.test(name) || !/^[-+*/%]?=$/.test(operator)) return choice();
    at += 2;
    const right = assignment();
    const value =
      operator === '=' ? right : combine(Math.trunc(Number(valueOf(name))) || 0, operator.slice(0, 1), right);
    assign(name, value);
    return value;
  };
  const result = tokens.length === 0 ? 0 : assignment();
  if (at < tokens.length) throw new ShellSyntaxError(`arithmetic: unexpected "${tokens[at]}"`);
  return result;
}

function combine(left: number, operator: string, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
    case '%':
      if (right === 0) throw new ShellSyntaxError('arithmetic: division by zero');
      return operator === '/' ? Math.trunc(left / right) : left % right;
    case '<':
      return left < right ? 1 : 0;
    case '>':
      return left > right ? 1 : 0;
    case '<=':
      return left <= right ? 1 : 0;
    case '>=':
      return left >= right ? 1 : 0;
    case '==':
      return left === right ? 1 : 0;
    case '!=':
      return left === right ? 0 : 1;
    case '&&':
      return left !== 0 && right !== 0 ? 1 : 0;
    default:
      return left !== 0 || right !== 0 ? 1 : 0;
  }
}
