/** What a client of the API makes of an answer: the object when somebody looks, its revision without it. */
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { type ApiAnswer, ApiClient } from '../../../src/protocol/api-client.ts';

const pods = { group: '', version: 'v1', resource: 'pods' };

function answerTo(status: number, text: string): ApiAnswer {
  const credentials = { type: 'component', user: 'system:node:node-0', groups: [] } as const;
  const client = new ApiClient({ servers: ['master-0/apiserver'], credentials, userAgent: 'test' });
  const flow = client.call({ verb: 'get', resource: pods, name: 'web' }, 1_000);
  flow.next();
  const reply = { status, bytes: utf8(text), warnings: [] };
  const end = flow.next({ type: 'reply', reply });
  if (end.done !== true) throw new Error('it asks once');
  return end.value;
}

const revisions: readonly (readonly [string, string, number])[] = [
  ['spliced', '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"42","name":"web"}}', 42],
  ['with the kind behind', '{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"42","name":"web"}}', 42],
  ['behind the name', '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","resourceVersion":"42"}}', 42],
  ['with white space', '{ "kind": "Pod", "metadata": { "resourceVersion": "42" } }', 42],
  ['none', '{"kind":"TokenReview","apiVersion":"v1","metadata":{}}', 0],
  [
    'behind that of another object',
    '{"kind":"Any","spec":{"metadata":{"resourceVersion":"7"}},"metadata":{"resourceVersion":"42"}}',
    42,
  ],
  [
    'behind a text that looks like one',
    '{"kind":"\\"metadata\\":{\\"resourceVersion\\":\\"7\\"","metadata":{"resourceVersion":"42"}}',
    42,
  ],
];
test.each(revisions)('the revision of an answer: %s', (_where, text, revision) => {
  const answer = answerTo(200, text);
  expect(answer).toMatchObject({ type: 'done', revision });
  expect(answer.type === 'done' && answer.object).toEqual(JSON.parse(text));
});

test('an error is a refusal, and an overloaded server no answer', () => {
  const status = { kind: 'Status', code: 404, message: 'pods "web" not found' };
  expect(answerTo(404, JSON.stringify(status))).toEqual({ type: 'refused', status });
  expect(answerTo(503, '{}')).toEqual({ type: 'unanswered', definite: true });
});
