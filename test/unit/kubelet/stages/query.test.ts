/** The expressions of stages by tables: what jq gives for the same text and object. */
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../../src/api/json.ts';
import { parseQuery } from '../../../../src/kubelet/stages/query.ts';

const pod: Json = {
  metadata: {
    name: 'web',
    annotations: { 'example.com/delay': '5s' },
    finalizers: ['a', 'b'],
    ownerReferences: [{ kind: 'Job' }],
  },
  status: {
    phase: 'Running',
    conditions: [
      { type: 'Initialized', status: 'True' },
      { type: 'Ready', status: 'False' },
    ],
    containerStatuses: [
      { name: 'main', restartCount: 2, state: { running: {} } },
      { name: 'side', restartCount: 0, state: { terminated: { exitCode: 1 } } },
    ],
  },
};

function find(text: string): readonly Json[] | string | null {
  const parsed = parseQuery(text);
  return parsed.type === 'parsed' ? parsed.query.find(pod) : parsed.message;
}

describe.each<[string, readonly Json[] | null]>([
  ['.status.phase', ['Running']],
  ['.', [pod]],
  ['.none.of.it', [null]],
  ['.metadata.annotations["example.com/delay"]', ['5s']],
  ['.metadata.annotations."example.com/delay"', ['5s']],
  ['.metadata["name"]', ['web']],
  ['.metadata.finalizers.[]', ['a', 'b']],
  ['.metadata.finalizers[]', ['a', 'b']],
  ['.metadata.finalizers[1]', ['b']],
  ['.metadata.finalizers[-1]', ['b']],
  ['.metadata.finalizers[7]', [null]],
  ['.metadata.ownerReferences.[].kind', ['Job']],
  ['.metadata.labels.[]', null],
  ['.metadata.labels[]?', []],
  ['.status.phase.deeper', null],
  ['.status.conditions.[] | select( .type == "Ready" ) | .status', ['False']],
  ['.status.conditions | map(select(.status == "True")) | length', [1]],
  ['.status.containerStatuses.[].state.running', [{}, null]],
  ['.status.containerStatuses.[].state.terminated.exitCode', [null, 1]],
  ['.status.containerStatuses | any(.restartCount > 1)', [true]],
  ['.status.containerStatuses | all(.restartCount >= 1)', [false]],
  ['.spec.none // "default"', ['default']],
  ['.status.conditions | length > 1 and .[0].status == "True"', [true]],
  ['.status.phase == "Running" or .status.none.x == 1', [true]],
  ['(.status.phase == "Failed") | not', [true]],
  ['.metadata | has("name")', [true]],
  ['.metadata | keys | first', ['annotations']],
  ['.status.phase | startswith("Run")', [true]],
  ['.metadata.name != "web"', [false]],
  ['.status.containerStatuses[0].restartCount | tostring', ['2']],
])('%s', (text, want) => {
  test('gives what jq gives', () => expect(find(text)).toEqual(want));
});

test.each([
  ['', 'ends too early'],
  ['.a |', 'ends too early'],
  ['.a + 1', 'cannot read "+ 1"'],
  ['[.a]', 'does not know "[" here'],
  ['.a[', 'ends too early'],
  ['foo', 'does not know "foo" here'],
  ['any(.a; .b)', 'cannot read "; .b)"'],
  ['select .a', 'does not know "select" here'],
  ['.a )', 'does not know ")" here'],
  ['.a."x\\(1)"', 'cannot read'],
  ['constructor', 'does not know "constructor" here'],
  [`${'('.repeat(100)}.a${')'.repeat(100)}`, 'nests 50 deep at most'],
])('%s is refused', (text, message) => {
  expect(find(text)).toEqual(expect.stringContaining(message));
});
