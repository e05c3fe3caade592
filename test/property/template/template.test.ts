/** Whatever a template and its data are, reading and rendering ends with a text or a fault, soon, and texts without actions stay as they are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { templateOutputMax } from '../../../src/template/limits.ts';
import { parseTemplate } from '../../../src/template/template.ts';
import { type Json, textOf } from '../../../src/template/values.ts';

const scalar = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string({ maxLength: 8 }));
const names = fc.constantFrom('a', 'b', 'items', 'name', '__proto__');
const { data } = fc.letrec<{ data: Json }>((tie) => ({
  data: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('data'), { maxLength: 4 }), fc.dictionary(names, tie('data'))),
}));
const word = fc.constantFrom(
  ...'. .a .b.items $ $x $i := = | ( ) , "t" `r` "Infinity" 1 -2 1e308 1e999 0x1F nil true if else end range with define template block break'.split(
    ' ',
  ),
  ...'continue index len eq ne lt and or not printf print dict list default join repeat until add sub mul int has div toJson quote nindent ""'.split(
    ' ',
  ),
);
const action = fc.array(word, { maxLength: 6 }).map((words) => `{{ ${words.join(' ')} }}`);
const pieces = fc.array(
  fc.oneof(action, fc.string({ maxLength: 6 }), fc.constantFrom('{{', '}}', '{{- ', ' -}}', '\n')),
  {
    maxLength: 12,
  },
);
/** Templates that can be read: branches that are closed. */
const { body } = fc.letrec<{ body: string }>((tie) => ({
  body: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      'x',
      '{{ . }}',
      '{{ $.a }}',
      '{{ .a.b }}',
      '{{ len (list . 1) }}',
      '{{ index $ "a" }}',
      '{{ toJson . }}',
    ),
    fc
      .tuple(
        fc.constantFrom('if', 'with', 'range'),
        fc.constantFrom('.', '.a', '.items', '3', '(list . $)'),
        tie('body'),
        tie('body'),
      )
      .map(([keyword, value, yes, no]) => `{{ ${keyword} ${value} }}${yes}{{ else }}${no}{{ end }}`),
    fc.tuple(tie('body'), tie('body')).map(([left, right]) => left + right),
  ),
}));

test('any text is read or refused, and what is read renders or fails', () => {
  fc.assert(
    fc.property(pieces, data, (parts, value) => {
      const parsed = parseTemplate(parts.join(''));
      if (parsed.type === 'faulty') expect(parsed.line).toBeGreaterThan(0);
      else expect(['rendered', 'faulty']).toContain(parsed.template.render(value).type);
    }),
    { numRuns: 2_000 },
  );
});

test('closed branches are always read, and rendering them is repeatable and bounded', () => {
  fc.assert(
    fc.property(body, data, (text, value) => {
      const parsed = parseTemplate(text);
      if (parsed.type === 'faulty') throw new Error(parsed.message);
      const rendered = parsed.template.render(value);
      expect(parsed.template.render(value)).toEqual(rendered);
      if (rendered.type === 'rendered') expect(rendered.text.length).toBeLessThanOrEqual(templateOutputMax);
    }),
    { numRuns: 500 },
  );
});

test('text without actions is its own rendering', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.includes('{{'));
      const parsed = parseTemplate(text);
      expect(parsed.type === 'parsed' ? parsed.template.render(null) : parsed).toEqual({ type: 'rendered', text });
    }),
  );
});

test('a text written as a literal is that text, and data is printed as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), data, (text, value) => {
      const parsed = parseTemplate(`{{ ${JSON.stringify(text)} }}|{{ . }}`);
      const rendered = parsed.type === 'parsed' ? parsed.template.render(value) : parsed;
      expect(rendered).toEqual({ type: 'rendered', text: `${text}|${textOf(value)}` });
    }),
  );
});
