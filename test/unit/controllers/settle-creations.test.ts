/** Goal: of a creation that nobody answered it is found out whether it happened, without making anything twice. Method: a server that answers by a script. */
import { expect, test } from 'vitest';
import { sleep } from '../../../src/actor/flow.ts';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import type { Status } from '../../../src/api/status.ts';
import { create, patch, type Write } from '../../../src/controllers/plan.ts';
import { podResource } from '../../../src/controllers/resources.ts';
import { settleCreations } from '../../../src/controllers/settle-creations.ts';
import type { ApiAnswer } from '../../../src/protocol/api-client.ts';

const lost: ApiAnswer = { type: 'unanswered', definite: false };
const timedOut = refused(504, 'Timeout');
const alreadyThere = refused(409, 'AlreadyExists');

function refused(code: number, reason: string): ApiAnswer {
  return { type: 'refused', status: { kind: 'Status', status: 'Failure', code, reason } as Status };
}

function podOf(owner: string, name = 'web-x7k2p'): KubeObject {
  const controller = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: owner, controller: true };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', ownerReferences: [controller] } };
}

/** Runs to the end with the answers that each attempt gets, and tells what was sent. */
function settle(writes: readonly Write[], first: readonly ApiAnswer[], script: readonly (readonly ApiAnswer[])[]) {
  const sent: string[] = [];
  let turn = 0;
  const flow = settleCreations(writes, first, function* (asked) {
    sent.push(asked.map(({ verb, name, body }) => `${verb} ${name || (body as KubeObject).metadata.name}`).join(', '));
    const answers = script[Math.min(turn, script.length - 1)] ?? [];
    turn += 1;
    yield* sleep(1);
    return answers;
  });
  for (let step = flow.next(); ; step = flow.next()) {
    if (step.done === true) return { answers: step.value, sent };
    expect(step.value.type).toBe('sleep');
  }
}

const pod = create(podResource, podOf('set-1'));
const done: ApiAnswer = { type: 'done', object: podOf('set-1'), revision: 7 };

test('what is known is left as it is', () => {
  for (const answer of [done, alreadyThere, refused(403, 'Forbidden')]) {
    expect(settle([pod], [answer], [])).toEqual({ answers: [answer], sent: [] });
  }
  const change = patch(podResource, podOf('set-1'), {});
  expect(settle([change], [lost], [])).toEqual({ answers: [lost], sent: [] });
});

test('a creation that did not happen is made good', () => {
  expect(settle([pod], [lost], [[timedOut], [done]])).toEqual({
    answers: [done],
    sent: ['create web-x7k2p', 'create web-x7k2p'],
  });
});

test('that a repetition had no effect says nothing of what was sent before', () => {
  const nobodyThere: ApiAnswer = { type: 'unanswered', definite: true };
  expect(settle([pod], [lost], [[nobodyThere], [alreadyThere], [done]]).answers).toEqual([done]);
  // What was never sent is for whoever sends it.
  expect(settle([pod], [nobodyThere], [])).toEqual({ answers: [nobodyThere], sent: [] });
});

test('one that took the last room of a quota is found behind the refusal of its repetition', () => {
  const full = refused(403, 'Forbidden');
  expect(settle([pod], [lost], [[full], [done]]).answers).toEqual([done]);
  expect(settle([pod], [lost], [[full], [refused(404, 'NotFound')]]).answers).toEqual([full]);
});

test('one that happened is found, with the revision that its answer would have told', () => {
  const { answers, sent } = settle([pod], [timedOut], [[alreadyThere], [done]]);
  expect(answers).toEqual([done]);
  expect(sent).toEqual(['create web-x7k2p', 'get web-x7k2p']);
});

test("another owner's object of that name, and one that is gone again, are a conflict", () => {
  const foreign: ApiAnswer = { type: 'done', object: podOf('set-2'), revision: 7 };
  expect(settle([pod], [lost], [[alreadyThere], [foreign]]).answers).toEqual([alreadyThere]);
  expect(settle([pod], [lost], [[alreadyThere], [refused(404, 'NotFound')]]).answers).toEqual([alreadyThere]);
});

test('only those of a group that are unknown are sent again, and not for ever', () => {
  const other = create(podResource, podOf('set-1', 'web-other'));
  const { answers, sent } = settle([other, pod], [done, lost], [[timedOut]]);
  expect(answers).toEqual([done, timedOut]);
  expect(sent.length).toBeGreaterThan(5);
  expect(new Set(sent)).toEqual(new Set(['create web-x7k2p']));
});

test('a creation whose name the API server chooses is not repeated: it would be another one', () => {
  const unnamed = create(podResource, podOf('set-1', ''));
  expect(settle([unnamed], [lost], []).sent).toEqual([]);
});
