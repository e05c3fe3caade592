/** What is wrong with JSON, in the words of Go, and what stands in it twice. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scanJson } from '../../../src/api/json-scan.ts';

test.each([
  ['', 'unexpected end of JSON input'],
  ['{"a":', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{a', "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"', "invalid character '\"' after object key:value pair"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['tru1', "invalid character '1' in literal true (expecting 'e')"],
  ['"\n"', "invalid character '\\n' in string literal"],
  ['"\\q"', "invalid character 'q' in string escape code"],
  ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1ex', "invalid character 'x' in exponent of numeric literal"],
  ["'", "invalid character '\\'' looking for beginning of value"],
])('%s is malformed: %s', (text, error) => {
  expect(scanJson(text).error).toBe(error);
});

test('fields that stand twice are told by path', () => {
  const text = '{"a":{"b":1,"b":2},"list":[{"c":1},{"c":1,"\\u0063":2}],"a":3}';
  expect(scanJson(text)).toEqual({ error: undefined, duplicates: ['a.b', 'list[1].c', 'a'] });
});

test('what JSON.parse takes is well formed, and nothing else is', () => {
  const text = fc.oneof(
    fc.json(),
    fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', 'x', '0', '\\')).map(([json, at, extra]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + extra + json.slice(place + 1);
    }),
  );
  fc.assert(
    fc.property(text, (candidate) => {
      let isParsed = true;
      try {
        JSON.parse(candidate);
      } catch {
        isParsed = false;
      }
      expect(scanJson(candidate).error === undefined).toBe(isParsed);
    }),
    { numRuns: 1_000 },
  );
});
