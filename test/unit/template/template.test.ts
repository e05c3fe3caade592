/** The template language by tables: what Go's text/template and sprig give for the same text and data. */
import { describe, expect, test } from 'vitest';
import { parseTemplate } from '../../../src/template/template.ts';
import type { Value } from '../../../src/template/values.ts';

const pod = {
  metadata: { name: 'web', annotations: { 'example.com/delay': '5s', empty: '' } },
  spec: {
    hostNetwork: false,
    containers: [
      { name: 'main', image: 'nginx', ports: [80, 443] },
      { name: 'side', image: 'envoy' },
    ],
  },
  counts: { b: 2, a: 1, zero: 0 },
};

function render(text: string, data: Value = pod): string {
  const parsed = parseTemplate(text);
  if (parsed.type === 'faulty') return `line ${parsed.line}: ${parsed.message}`;
  const rendered = parsed.template.render(data);
  return rendered.type === 'rendered' ? rendered.text : `at line ${rendered.line}: ${rendered.message}`;
}

describe.each([
  ['text alone', 'a { b } c', 'a { b } c'],
  ['a field', '{{ .metadata.name }}', 'web'],
  ['a missing field of a missing field', '{{ .status.phase }}', '<no value>'],
  ['white space is trimmed', 'a  {{- " b " -}}  c', 'a b c'],
  ['comments', 'a{{/* none */}}b {{- /* trims */ -}} c', 'abc'],
  ['a variable', '{{ $x := .metadata.name }}{{ $x }}{{ $x = "y" }}{{ $x }}', 'weby'],
  ['an assignment within an if lasts', '{{ $n := 0 }}{{ if true }}{{ $n = 1 }}{{ end }}{{ $n }}', '1'],
  ['a declaration within an if does not', '{{ $n := 0 }}{{ if true }}{{ $n := 1 }}{{ end }}{{ $n }}', '0'],
  [
    'the data behind a dollar',
    '{{ range .spec.containers }}{{ $.metadata.name }}-{{ .name }} {{ end }}',
    'web-main web-side ',
  ],
  ['range with index', '{{ range $i, $c := .spec.containers }}{{ $i }}={{ $c.name }},{{ end }}', '0=main,1=side,'],
  ['range over a map by its keys', '{{ range $k, $v := .counts }}{{ $k }}{{ $v }}{{ end }}', 'a1b2zero0'],
  ['range over a number', '{{ range 3 }}{{ . }}{{ end }}', '012'],
  ['range over nothing', '{{ range .spec.volumes }}x{{ else }}none{{ end }}', 'none'],
  [
    'break and continue',
    '{{ range 9 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}',
    '02',
  ],
  ['if, else if, else', '{{ range 3 }}{{ if eq . 0 }}a{{ else if eq . 1 }}b{{ else }}c{{ end }}{{ end }}', 'abc'],
  ['with', '{{ with .spec.containers }}{{ len . }}{{ end }}{{ with .none }}x{{ else }}y{{ end }}', '2y'],
  ['pipes', '{{ .metadata.name | upper | printf "%s-%s" "x" }}', 'x-WEB'],
  ['or gives the first that is there', '{{ or .none .metadata.annotations.empty "z" }}', 'z'],
  ['or ends with its last', '{{ or .none false }}', 'false'],
  ['and', '{{ and .metadata .counts.zero }}', '0'],
  ['or is lazy', '{{ or "a" (index .spec.containers 9) }}', 'a'],
  ['eq with several', '{{ eq .metadata.name "a" "web" }} {{ eq .none "a" }} {{ ne 1 2 }}', 'true false true'],
  ['order', '{{ lt 1 2 }}{{ ge "b" "a" }}{{ gt 1 1 }}{{ le 1 1 }}', 'truetruefalsetrue'],
  ['index', '{{ index .metadata.annotations "example.com/delay" }} {{ (index .spec.containers 1).name }}', '5s side'],
  ['index of a map that lacks it', '{{ index .counts "c" }}', '<no value>'],
  [
    'maps and lists as Go prints them',
    '{{ .counts }} {{ (index .spec.containers 0).ports }}',
    'map[a:1 b:2 zero:0] [80 443]',
  ],
  ['a definition', '{{ define "c" }}[{{ .name }}{{ $ }}]{{ end }}{{ template "c" dict "name" "x" }}', '[xmap[name:x]]'],
  ['a block', '{{ block "b" .counts }}{{ .a }}{{ end }}', '1'],
  ['printf', '{{ printf "%v %q %5.1f|%-4d|%03d %%" .none "a" 2.5 7 7 }}', '<nil> "a"   2.5|7   |007 %'],
  ['strings', '{{ "a\\tb\\u00e9" }}{{ `raw\\n` }}{{ \'a\' }}', 'a\tbéraw\\n97'],
  ['numbers', '{{ 0x10 }} {{ -3 }} {{ 1.5 }} {{ add1 "41" }} {{ div 7 2 }} {{ mod 7 2 }}', '16 -3 1.5 42 3 1'],
  ['defaults', '{{ default "d" .none }}{{ .metadata.name | default "d" }}{{ coalesce "" .none "c" }}', 'dwebc'],
  [
    'texts',
    '{{ trimPrefix "w" "web" }} {{ replace "e" "E" "web" }} {{ join "," (list 1 "a") }} {{ quote "a" 1 }}',
    'eb wEb 1,a "a" "1"',
  ],
  ['indent', '{{ "a\\nb" | nindent 2 }}', '\n  a\n  b'],
  [
    'membership',
    '{{ has 2 (list 1 2) }}{{ has "2" (list 1 2) }}{{ has (dict "a" 1) (list (dict "a" 1)) }}',
    'truefalsetrue',
  ],
  ['membership of nothing', '{{ has .none (list .none) }}{{ has .none (list "null") }}', 'truefalse'],
  ['without', '{{ without (list 1 "1" (list 2) .none 3) 1 (list 2) .none }}', '[1 3]'],
  ['nothing, however often', '{{ repeat 99999999999999999999 "" }}.', '.'],
  ['ternary', '{{ true | ternary "y" "n" }}', 'y'],
])('%s', (_name, text, want) => {
  test(text, () => expect(render(text)).toBe(want));
});

describe.each([
  ['an open action', 'a\n{{ .x', 'line 2: unclosed action'],
  ['an unknown function', 'a\n\n{{ nothing 1 }}', 'line 3: function "nothing" not defined'],
  ['an unknown variable', '{{ $x }}', 'line 1: undefined variable "$x"'],
  ['a missing end', '{{ if true }}a', 'line 1: {{if}} has no {{end}}'],
  ['an end too many', 'a{{ end }}', 'line 1: unexpected {{end}}'],
  ['break outside', '{{ break }}', 'line 1: {{break}} outside of {{range}}'],
  ['nothing to do', '{{ }}', 'line 1: a value is missing'],
  ['a strange sign', '{{ .a % 2 }}', 'line 1: unexpected "%" in an action'],
  ['two values in one', '{{ "a""b" }}', 'line 1: unexpected "b" in an action'],
  ['a value behind a pipe', '{{ 1 | 2 }}', 'line 1: only a function can stand behind |'],
  ['a literal with fields', '{{ "a".b }}', 'line 1: a literal has no fields'],
  ['a parenthesis', '{{ (1 }}', 'line 1: a parenthesis is not closed'],
  ['a field of a text', 'a\n{{ .metadata.name.first }}', "at line 2: can't take field first of string"],
  ['index of nothing', '{{ index .none "a" }}', 'at line 1: index index of nil'],
  ['out of range', '{{ index .spec.containers 2 }}', 'at line 1: index index out of range: 2'],
  ['equality of maps', '{{ eq .counts .counts }}', 'at line 1: eq cannot compare map'],
  ['order of strangers', '{{ lt 1 "a" }}', 'at line 1: lt cannot order number and string'],
  ['too many arguments', '{{ not 1 2 }}', 'at line 1: not wants 1 arguments, not 2'],
  ['division', '{{ div 1 0 }}', 'at line 1: div divides by zero'],
  ['a template that is not there', '{{ template "x" }}', 'at line 1: template "x" not defined'],
  [
    'a text that is no finite number',
    '{{ int "Infinity" }}',
    'at line 1: int wants a number as argument 1, not string',
  ],
  [
    'a number that is not finite',
    '{{ repeat 1e999 "" }}',
    'at line 1: repeat wants a number as argument 1, not Infinity',
  ],
  ['a sum that is not finite', '{{ add 1e308 1e308 }}', 'at line 1: add makes Infinity, which is no number'],
  ['a failure on purpose', '{{ fail "no" }}', 'at line 1: fail no'],
])('refuses %s', (_name, text, want) => {
  test(text, () => expect(render(text)).toBe(want));
});

describe('is bounded', () => {
  test.each([
    ['recursion', '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}', /call each other 50 deep at most/],
    ['loops', '{{ range 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}', /takes more than \d+ steps/],
    ['output', '{{ range 200000 }}0123456789{{ end }}', /writes more than \d+ characters|takes more than/],
    ['long texts', '{{ repeat 100000000 "abc" }}', /makes a text of more than/],
    ['long lists', '{{ until 1000000000 }}', /makes a list of more than/],
    [
      'values that double',
      '{{ $x := list 1 }}{{ range 90 }}{{ $x = list $x $x }}{{ end }}{{ $x }}',
      /takes more than|nest 500 deep/,
    ],
    [
      'deep values',
      '{{ $x := list 1 }}{{ range 9000 }}{{ $x = list $x }}{{ end }}{{ $x }}',
      /nest 500 deep|takes more than/,
    ],
    ['texts that double', '{{ $x := "0123456789" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}', /takes more than/],
    [
      'loops whose length is no number',
      '{{ $n := index . "n" }}{{ range (sub $n $n) }}{{ end }}{{ range 2000000 }}x{{ end }}',
      /wants a number|takes more than/,
    ],
    ['parentheses', `{{ ${'('.repeat(200)}1${')'.repeat(200)} }}`, /parentheses nest 100 deep at most/],
    ['branches', '{{ if 1 }}'.repeat(200), /nest 100 deep at most/],
  ])('%s', (_name, text, want) => {
    expect(render(text, { ...pod, n: 'Infinity' })).toMatch(want);
  });

  test.each(['{{ has .wanted .items }}', '{{ without .items .wanted | len }}', '{{ eq .name .wanted .wanted }}'])(
    '%s walks through what is looked for once',
    (text) => {
      let readings = 0;
      const wanted = {
        get part(): number {
          readings += 1;
          return 1;
        },
      };
      expect(
        render(text, { name: 'web', wanted, items: Array.from({ length: 1_000 }, (_, part) => ({ part: -part })) }),
      ).not.toContain('line');
      expect(readings).toBeLessThan(10);
    },
  );
});
