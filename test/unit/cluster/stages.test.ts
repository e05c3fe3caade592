/** The stages that a cluster may be started with: what is wrong is said in one line, with its place. */
import { expect, test } from 'vitest';
import { checkOptions } from '../../../actors/cluster/options.ts';

const head = 'apiVersion: kwok.x-k8s.io/v1alpha1\nkind: Stage\n';
const stage = (name: string, spec: string): string =>
  `${head}metadata: { name: ${name} }\nspec: { resourceRef: { kind: Pod }, selector: {}, ${spec} }\n`;

test.each<[string, unknown, string]>([
  ['a number', 7, 'stages must be a text of YAML or a list of Stage objects'],
  ['no YAML', 'a: [', 'stages: error parsing manifest'],
  ['another kind', 'apiVersion: v1\nkind: Pod\nmetadata: { name: web }', 'stages[0] (web): it must be a Stage'],
  ['an object of nothing', [{}], 'stages[0]: it must be a Stage of kwok.x-k8s.io/v1alpha1'],
  [
    'a wrong field in the second document',
    `${stage('good', 'weight: 1')}---\n${stage('bad', 'weight: -1')}`,
    'stages[1] (bad): spec.weight must be a whole number, at least 0',
  ],
  [
    'a function that is not known',
    stage('bad', 'next: { statusTemplate: "phase: {{ nope }}" }'),
    'stages[0] (bad): spec.next.statusTemplate line 1: function "nope" not defined',
  ],
])('%s is refused', (_name, stages, complaint) => {
  const start = (): unknown => checkOptions({ stages: stages as string });
  expect(start).toThrow(complaint);
  expect(start).toThrow(/^[^\n]*$/);
});

test('texts, lists and objects are taken', () => {
  const text = `${head}metadata: { name: a }\nspec: { resourceRef: { kind: Pod }, next: { delete: true } }`;
  const { manifests, warnings } = checkOptions({ stages: text }).stages;
  expect(manifests).toHaveLength(1);
  expect(checkOptions({ stages: manifests as object[] }).stages.manifests).toEqual(manifests);
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
  expect(checkOptions({ stages: list }).stages.manifests).toEqual(manifests);
  expect(warnings).toEqual([]);
  expect(checkOptions({}).stages).toEqual({ manifests: [], warnings: [] });
});
