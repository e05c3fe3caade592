/** Bodies: what parses, how Kubernetes would read it, and what must not bring an API server down. */
import { expect, test } from 'vitest';
import { bodyDepthMax, parseBody } from '../../../src/api/body.ts';
import { utf8 } from '../../../src/base/bytes.ts';

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const aliases = (key: string) => Array.from({ length: 10 }, () => `*${key}`).join(',');
const bomb = ['a: &a [x,x,x,x,x]', `b: &b [${aliases('a')}]`, `c: &c [${aliases('b')}]`, `d: [${aliases('c')}]`].join(
  '\n',
);

test('YAML bodies are read as Kubernetes reads them', () => {
  const yaml = 'a: yes\nb: "no"\nc: 2024-01-02\nd: 0o17\ne: &x {k: 1}\nf: *x\n1: one\n';
  expect(parseBody(utf8(yaml), 'yaml')).toEqual({
    '1': 'one',
    a: true,
    b: 'no',
    c: '2024-01-02',
    d: '0o17',
    e: { k: 1 },
    f: { k: 1 },
  });
  expect(parseBody(utf8('{"a":[1]}'), 'applyPatch')).toEqual({ a: [1] });
});

test.each<[string, Uint8Array, 'json' | 'yaml', string]>([
  ['half a document', utf8('{'), 'json', 'json parse error'],
  ['no UTF-8', new Uint8Array([0xff]), 'json', 'json parse error'],
  ['a repeated key', utf8('a: 1\na: 2\n'), 'yaml', 'Map keys must be unique'],
  ['JSON that nests too deep', utf8(nested(bodyDepthMax + 2)), 'json', 'exceeded max depth'],
  ['JSON that nests absurdly deep', utf8(nested(100_000)), 'json', 'exceeded max depth'],
  ['YAML with brackets in brackets', utf8(nested(20_000)), 'yaml', 'exceeded max depth'],
  ['YAML with lists in lists', utf8(`${'- '.repeat(20_000)}x`), 'yaml', 'exceeded max depth'],
  ['YAML with keys in keys', utf8(`${'? '.repeat(20_000)}x`), 'yaml', 'exceeded max depth'],
  [
    'YAML with maps in maps',
    utf8(Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')),
    'yaml',
    'exceeded max depth',
  ],
  ['brackets behind what looks like a text block', utf8(`[a |,\n  ${nested(1000)}]`), 'yaml', 'exceeded max depth'],
  ['YAML that multiplies', utf8(bomb), 'yaml', 'Excessive alias count'],
])('%s is a bad request, not a crash', (_, bytes, format, message) => {
  expect(() => parseBody(bytes, format)).toThrow(message);
  expect(() => parseBody(bytes, format)).toThrow(
    expect.objectContaining({ status: expect.objectContaining({ code: 400 }) }),
  );
});

test('brackets and spaces inside texts are not nesting', () => {
  const script = `${'[31m '.repeat(500)}\n  ${' '.repeat(500)}deep`;
  const yaml = `data:\n  script: |\n    ${script.replaceAll('\n', '\n    ')}\n  quoted: "${'['.repeat(500)}"\n`;
  expect(parseBody(utf8(yaml), 'yaml')).toEqual({ data: { script: `${script}\n`, quoted: '['.repeat(500) } });
});

test('pretty JSON is YAML, however it is indented', () => {
  let tree: unknown = 1;
  for (let level = 0; level < 60; level += 1) tree = { a: [tree] };
  expect(parseBody(utf8(JSON.stringify(tree, null, 4)), 'yaml')).toEqual(tree);
});
