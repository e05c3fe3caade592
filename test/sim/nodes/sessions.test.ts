/**
 * Sessions with containers through API server, kubelet and runtime in simulation: bytes both ways, credit from end to end, and a clear end whoever of
 * them dies.
 */
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

function typesOf({ items }: SessionView): readonly string[] {
  return items.map(({ type }) => type);
}

test.each(seeds)('seed %i: a command says what it has to say, and how it ended', (seed) => {
  const world = withPod(seed);
  const session = world.session('web/exec', ['sh', '-c', 'echo one && echo two; exit 4']);
  expect(typesOf(session)).toEqual(['accepted', 'stdout', 'stdout', 'exited']);
  expect([session.text, session.items.at(-1), session.end]).toEqual([
    'one\ntwo\n',
    { type: 'exited', exitCode: 4 },
    'completed',
  ]);
});

test.each(seeds)('seed %i: input is answered when the program has taken it, and comes back from cat', (seed) => {
  const world = withPod(seed);
  const session = world.session('web/exec', ['cat']);
  for (const text of ['a', 'b', 'c']) world.input(session, utf8(text));
  world.input(session, utf8('d'), true);
  expect([session.text, session.end]).toEqual(['abcd', 'completed']);
  expect(session.inputs).toEqual(Array.from({ length: 4 }, () => ({ type: 'done' })));
});

test('whoever reads slowly gets no more than he asked for, and his program waits', () => {
  const world = withPod(1);
  const writer = world.session('web/exec', ['yes'], { credit: 3 });
  world.runFor(5_000);
  expect(typesOf(writer)).toEqual(['accepted', 'stdout', 'stdout']);
  world.grant(writer, 2);
  world.runFor(5_000);
  expect(writer.items).toHaveLength(5);
  const copier = world.session('web/exec', ['cat'], { credit: 1 });
  for (let chunk = 0; chunk < 8; chunk += 1) world.input(copier, new Uint8Array(32 * 1024));
  expect(copier.inputs.length).toBeLessThan(4);
  world.grant(copier, 100);
  expect(copier.inputs).toHaveLength(8);
});

test.each(seeds)('seed %i: a session ends when an API server, a kubelet or a runtime on its way dies', (seed) => {
  for (const [thread, path] of [
    ['master-0', 'master-0/apiserver'],
    ['node-0', 'node-0/kubelet'],
    ['node-0', 'node-0/runtime'],
  ] as const) {
    const world = withPod(seed);
    const session = world.session('web/exec', ['cat']);
    expect(typesOf(session)).toEqual(['accepted']);
    world.kill(thread, path);
    world.runFor(500);
    expect([path, session.end]).toEqual([path, 'peerFailed']);
  }
});

test.each(seeds)('seed %i: a session ends with its pod', (seed) => {
  const world = withPod(seed);
  const command = world.session('web/exec', ['sleep', 'infinity']);
  const attached = world.session('web/attach', []);
  const connection = world.session('web/portforward', [], { port: 80 });
  world.delete('core/v1/default/pods/web', { gracePeriodSeconds: 1 });
  world.until(() => [command, attached, connection].every(({ end }) => end !== null));
  expect(command.items.at(-1)).toEqual({ type: 'exited', exitCode: 137 });
  expect(attached.items.at(-1)).toEqual({ type: 'exited', exitCode: 0 });
});

test('who leaves, leaves nothing behind', () => {
  const world = withPod(1);
  const session = world.session('web/exec', ['cat']);
  world.leave(session);
  world.input(session, utf8('late'));
  expect(session.inputs).toEqual([{ type: 'failed', code: 'notFound', message: `no session ${session.id}` }]);
});

test('a port answers with who is there, request after request', () => {
  const world = withPod(1);
  const session = world.session('web/portforward', [], { port: 8080 });
  world.input(session, utf8('GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nContent-Le'));
  world.input(session, utf8('ngth: 5\r\n\r\nhello'));
  expect(session.text.match(/simulated container main of pod default\/web: \w+ \/\w/g)).toHaveLength(2);
  world.input(session, utf8('nonsense\r\n\r\n'));
  expect(session.text).toContain('HTTP/1.1 400 Bad Request');
  expect(session.end).toBe('completed');
});

test('what cannot be had is refused before the connection is upgraded', () => {
  const world = withPod(1);
  const refusalOf = (session: SessionView): readonly unknown[] => {
    const [item] = session.items;
    if (item?.type !== 'refused') return [item];
    return [item.response.status, (JSON.parse(utf8Text(item.response.bytes)) as { message: string }).message];
  };
  expect(refusalOf(world.session('nothing/exec', ['true']))).toEqual([404, 'pods "nothing" not found']);
  const stranger = { type: 'component', user: 'jane', groups: ['system:authenticated'] } as const;
  expect(refusalOf(world.session('web/exec', ['true'], { credentials: stranger }))[0]).toBe(403);
  world.patch('core/v1/default/pods/web', 'merge', { metadata: { annotations: { a: 'b' } } });
  world.kill('node-0', 'node-0/kubelet');
  world.runFor(100);
  expect(refusalOf(world.session('web/exec', ['true']))[0]).toBe(503);
});
