/** Random writes to ConfigMaps of two namespaces, and the history that they make, seen from outside. */
import fc from 'fast-check';
import { configMap, type Harness, resourceRequest, type Tree } from '../../unit/apiserver/harness.ts';

export interface Step {
  readonly namespace: string;
  readonly name: string;
  readonly action: 'put' | 'delete';
  readonly team: string;
}

export const step: fc.Arbitrary<Step> = fc.record({
  namespace: fc.constantFrom('default', 'kube-system'),
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
  action: fc.constantFrom('put' as const, 'put' as const, 'delete' as const),
  team: fc.constantFrom('red', 'blue'),
});

let writes = 0;

export function carryOut(harness: Harness, { namespace, name, action, team }: Step): void {
  const path = `core/v1/${namespace}/configmaps`;
  writes += 1;
  if (action === 'delete') {
    harness.delete(`${path}/${name}`);
    return;
  }
  const body = configMap(name, { n: String(writes) }, { team });
  const created = harness.call(resourceRequest('create', path, { body }));
  if (created.status === 409) harness.update(`${path}/${name}`, body);
}

export interface Selector {
  readonly namespace: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly selects: (object: Tree) => boolean;
}

export const selectors: readonly Selector[] = [
  { namespace: '-', parameters: {}, selects: () => true },
  { namespace: 'default', parameters: {}, selects: ({ metadata }) => metadata.namespace === 'default' },
  {
    namespace: '-',
    parameters: { labelSelector: 'team=red' },
    selects: ({ metadata }) => metadata.labels?.team === 'red',
  },
  {
    namespace: 'kube-system',
    parameters: { labelSelector: 'team!=red', fieldSelector: 'metadata.name!=a' },
    selects: ({ metadata }) =>
      metadata.namespace === 'kube-system' && metadata.labels?.team !== 'red' && metadata.name !== 'a',
  },
  {
    namespace: '-',
    parameters: { fieldSelector: 'metadata.name=b' },
    selects: ({ metadata }) => metadata.name === 'b',
  },
];

export function identity({ metadata }: Tree): string {
  return `${metadata.namespace}/${metadata.name}`;
}

export function listed(harness: Harness, { namespace, parameters }: Selector, more: Record<string, string> = {}): Tree {
  const answer = harness.list(`core/v1/${namespace}/configmaps`, { parameters: { ...parameters, ...more } });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}
