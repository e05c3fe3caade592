/** Which master's API server the next connection through the balancer goes to. */
import { expect, test } from 'vitest';
import { type Backend, Backends } from '../../../src/network/backends.ts';

const backend = (name: string): Backend => ({ name, host: '127.0.0.1', port: 6443 });

function nextNames(backends: Backends, count: number): (string | undefined)[] {
  return Array.from({ length: count }, () => backends.next()?.name);
}

test('connections go round robin while no leader is known, and nowhere while nobody is ready', () => {
  const backends = new Backends();
  expect(backends.next()).toBeNull();
  for (const name of ['a', 'b', 'c']) backends.setReady(backend(name), false);
  const [first, ...rest] = nextNames(backends, 4);
  expect(new Set([first, ...rest]).size).toBe(3);
  expect(rest[2]).toBe(first);
});

test('connections go to the API server at the leader, follow it, and are spread again when it is gone', () => {
  const backends = new Backends();
  backends.setReady(backend('a'), false);
  backends.setReady(backend('b'), true);
  backends.setReady(backend('c'), false);
  expect(nextNames(backends, 3)).toEqual(['b', 'b', 'b']);
  backends.setReady(backend('c'), true);
  // The old leader has not been asked since.
  backends.setReady(backend('b'), false);
  expect(nextNames(backends, 2)).toEqual(['c', 'c']);
  backends.setNotReady('c');
  expect(new Set(nextNames(backends, 4))).toEqual(new Set(['a', 'b']));
  // It is back, and leads no more.
  backends.setReady(backend('c'), false);
  expect(new Set(nextNames(backends, 6))).toEqual(new Set(['a', 'b', 'c']));
});
