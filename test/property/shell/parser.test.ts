/** No text brings the shell's parser down: it is a script, or a syntax error. */
import fc from 'fast-check';
import { test } from 'vitest';
import { parseScript } from '../../../src/shell/parser.ts';
import { ShellSyntaxError } from '../../../src/shell/syntax.ts';

const pieces = [
  'if',
  'then',
  'fi',
  'while',
  'do',
  'done',
  'for',
  'in',
  'case',
  'esac',
  '{',
  '}',
  '(',
  ')',
  ';',
  ';;',
  '&',
  '&&',
  '|',
  '||',
  '\n',
  ' ',
  '$',
  '$(',
  '${',
  '$((',
  '))',
  '`',
  '"',
  "'",
  '\\',
  '<',
  '>',
  '<<',
  'E',
  'x',
  '=',
  '*',
  '[',
  '!',
  '#',
  'f()',
  '2>&1',
];

test('any text is a script or a syntax error', () => {
  const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 24 });
  fc.assert(
    fc.property(text, (parts) => {
      try {
        parseScript(parts.join(''));
      } catch (error) {
        if (!(error instanceof ShellSyntaxError)) throw error;
      }
    }),
    { numRuns: 3_000 },
  );
});
