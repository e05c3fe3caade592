/** pods/proxy in simulation: who may, what is reached, and what is said when nothing is. */
import { expect, test } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { isReady, NodeWorld, podNamed, type SessionView } from './node-world.ts';

const seeds = [1, 2, 3];

function withPod(seed: number): NodeWorld {
  const world = new NodeWorld({ seed });
  world.create('core/v1/default/pods', podNamed('web'));
  world.until(() => isReady(world.pod('web')));
  return world;
}

function refusalOf({ items: [item] }: SessionView): readonly unknown[] {
  if (item?.type !== 'refused') return [item];
  return [item.response.status, (JSON.parse(utf8Text(item.response.bytes)) as { message: string }).message];
}

test.each(seeds)('seed %i: a port of a pod answers', (seed) => {
  const world = withPod(seed);
  for (const name of ['web', 'web:8080', 'http:web:8080']) {
    const session = world.session(`${name}/proxy`, []);
    world.input(session, utf8('GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    expect(session.text).toContain('simulated container main of pod default/web: GET /a\n');
    expect([session.items[0], session.end]).toEqual([{ type: 'accepted' }, 'completed']);
  }
});

test('what cannot be reached is told before anything is sent', () => {
  const world = withPod(1);
  expect(refusalOf(world.session('nothing:80/proxy', []))).toEqual([404, 'pods "nothing" not found']);
  expect(refusalOf(world.session('a:b:c:d/proxy', []))).toEqual([400, 'invalid pod request "a:b:c:d"']);
  expect(refusalOf(world.session('web:x/proxy', []))[0]).toBe(503);
  const stranger = { type: 'component', user: 'jane', groups: ['system:authenticated'] } as const;
  expect(refusalOf(world.session('web/proxy', [], { credentials: stranger }))[0]).toBe(403);
  world.kill('node-0', 'node-0/kubelet');
  world.runFor(100);
  expect(refusalOf(world.session('web/proxy', []))[0]).toBe(503);
});

test.each(seeds)('seed %i: a connection ends with its pod, its API server, its kubelet', (seed) => {
  for (const [thread, path] of [
    ['master-0', 'master-0/apiserver'],
    ['node-0', 'node-0/kubelet'],
    ['node-0', 'node-0/runtime'],
  ] as const) {
    const world = withPod(seed);
    const session = world.session('web/proxy', []);
    world.kill(thread, path);
    world.runFor(500);
    expect([path, session.end]).toEqual([path, 'peerFailed']);
  }
});
