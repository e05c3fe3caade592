/** What a node controller takes for silence: its own sleep is none of the nodes'. */
import { expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { NodeMemory } from '../../../src/controllers/nodelifecycle/memory.ts';
import { isFullDisruption, type Signs, silenceOf } from '../../../src/controllers/nodelifecycle/sign-of-life.ts';
import type { Lease } from '../../../src/kinds/lease/types.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import { Indexer } from '../../../src/streams/indexer.ts';

const at = (monotonicMs: number): MonotonicMs => monotonicMs as MonotonicMs;

function node(name: string, ready = 'True'): Node {
  const conditions = [{ type: 'Ready', status: ready }];
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name }, spec: {}, status: { conditions } } as Node;
}

function signs(nodes: readonly Node[], renewals: Readonly<Record<string, string>> = {}): Signs {
  const cache = new Indexer<Node>();
  for (const one of nodes) cache.set(one);
  return { nodes: cache, leaseOf: (name) => ({ spec: { renewTime: renewals[name] ?? '' } }) as Lease };
}

test('silence lasts from when a sign was first seen until it changes', () => {
  const memory = new NodeMemory();
  const one = node('a');
  const before = signs([one]);
  expect(silenceOf(one, before, { memory, monotonicMs: at(0) })).toBe(0);
  expect(silenceOf(one, before, { memory, monotonicMs: at(900) })).toBe(900);
  expect(silenceOf(one, signs([one], { a: 'later' }), { memory, monotonicMs: at(1_000) })).toBe(0);
});

test('a controller that stood still holds the silence of that time against nobody', () => {
  const memory = new NodeMemory();
  const one = node('a');
  memory.noteLook(at(0), 2_000);
  silenceOf(one, signs([one]), { memory, monotonicMs: at(0) });
  memory.noteLook(at(1_500), 2_000);
  expect(silenceOf(one, signs([one]), { memory, monotonicMs: at(1_500) })).toBe(1_500);
  memory.noteLook(at(5_000), 2_000);
  expect(silenceOf(one, signs([one]), { memory, monotonicMs: at(5_000) })).toBe(0);
});

test('a disruption is full when no node is both ready and heard of', () => {
  const memory = new NodeMemory();
  const quiet = signs([node('a'), node('b'), node('c', 'Unknown')]);
  expect(isFullDisruption(quiet, { memory, monotonicMs: at(0) }, 2_000)).toBe(false);
  expect(isFullDisruption(quiet, { memory, monotonicMs: at(1_999) }, 2_000)).toBe(false);
  // b was looked at for the first time only now: the walk ends at the first node that lives.
  for (const one of quiet.nodes.values()) silenceOf(one, quiet, { memory, monotonicMs: at(2_000) });
  expect(isFullDisruption(quiet, { memory, monotonicMs: at(4_000) }, 2_000)).toBe(true);
  const heard = signs([node('a'), node('b'), node('c', 'Unknown')], { b: 'later' });
  expect(isFullDisruption(heard, { memory, monotonicMs: at(4_100) }, 2_000)).toBe(false);
  const unwell = signs([node('a', 'False'), node('b', 'Unknown')], { a: 'later', b: 'latest' });
  expect(isFullDisruption(unwell, { memory, monotonicMs: at(4_200) }, 2_000)).toBe(true);
});

test('when one node is heard of again after a full disruption, the others get their grace anew', () => {
  const memory = new NodeMemory();
  const one = node('a');
  silenceOf(one, signs([one]), { memory, monotonicMs: at(0) });
  memory.noteDisruption(true, at(9_000));
  expect(silenceOf(one, signs([one]), { memory, monotonicMs: at(9_500) })).toBe(9_500);
  memory.noteDisruption(false, at(10_000));
  expect(silenceOf(one, signs([one]), { memory, monotonicMs: at(10_500) })).toBe(500);
});
