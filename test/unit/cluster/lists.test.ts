/** Clients of API servers whose list of servers is replaced: what they use stays in use while it is there. */
import { expect, test } from 'vitest';
import { Memo } from '../../../src/actor/memo.ts';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { ApiClient, type ApiIdentity } from '../../../src/protocol/api-client.ts';
import { InformerSet } from '../../../src/streams/informer-set.ts';

const identity: ApiIdentity = {
  servers: ['a', 'b'],
  credentials: { type: 'anonymous' },
  userAgent: 'test',
};
const now = 0 as MonotonicMs;

test('a client stays with its server, or begins with the first when that is gone', () => {
  const client = new ApiClient(identity);
  client.leave('a');
  client.replaceServers(['c', 'a', 'b']);
  expect(client.server).toBe('b');
  client.replaceServers(['c', 'a']);
  expect(client.server).toBe('c');
});

test('informers watch servers that come, forget those that go, and move a watch from one that is gone', () => {
  const informers = new InformerSet({ ...identity, memo: new Memo() }, new Random(1));
  informers.add({ resource: { group: '', version: 'v1', resource: 'pods' } });
  expect(informers.replaceServers(['a', 'b', 'c'])).toEqual([]);
  expect(informers.start(now).filter(({ type }) => type === 'watch')).toHaveLength(3);
  expect(informers.replaceServers(['a', 'd'])).toEqual([
    { type: 'watch', path: 'd' },
    { type: 'unwatch', path: 'b' },
    { type: 'unwatch', path: 'c' },
  ]);
  const moved = informers.replaceServers(['d']);
  expect(moved.map(({ type }) => type)).toEqual(['unwatch', 'unsubscribe', 'timer']);
  const reopened = informers.handle({ type: 'timer', key: 'informer:0', monotonicMs: now, wallMs: 0 as never });
  expect(reopened?.effects[0]).toMatchObject({ type: 'subscribe', to: 'd' });
});
