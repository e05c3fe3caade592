/** Logs come from the kubelet of the pod's node, through the API server. */
import { expect, test } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { Harness, type HarnessOptions, pod, resourceRequest, type WatchClient } from './harness.ts';

const path = 'core/v1/default/pods/web/log';

function withPod(options: HarnessOptions = {}, spec: object = { nodeName: 'node-0' }): Harness {
  const harness = new Harness(options);
  harness.create('core/v1/default/pods', pod('web', spec));
  return harness;
}

function textOf(stream: WatchClient): string {
  return stream.items.map((item) => (item.type === 'chunk' ? utf8Text(item.bytes) : '')).join('');
}

function statusOf(stream: WatchClient): number {
  const [head] = stream.items;
  return head?.type === 'head' ? head.status : 0;
}

test('lines are passed on as they come, and the end with them', () => {
  const logs = ['one\n', 'two\n'].map((line) => ({ bytes: utf8(line), status: 200 }));
  const stream = withPod({ logs }).open(resourceRequest('get', path));
  expect(stream.items[0]).toMatchObject({ type: 'head', status: 200, contentType: 'text/plain' });
  expect(textOf(stream)).toBe('one\ntwo\n');
  expect(stream.endReason).toBe('completed');
});

test('logs that are empty are a response all the same', () => {
  const stream = withPod({ logs: [] }).open(resourceRequest('get', path));
  expect(statusOf(stream)).toBe(200);
  expect(textOf(stream)).toBe('');
  expect(stream.endReason).toBe('completed');
});

test('what the kubelet refuses is a Status', () => {
  const message = 'container "main" in pod "web" is waiting to start: ContainerCreating';
  const logs = [{ bytes: utf8(`${message}\n`), status: 400 }];
  const stream = withPod({ logs }).open(resourceRequest('get', path));
  expect(statusOf(stream)).toBe(400);
  expect(JSON.parse(textOf(stream))).toMatchObject({ kind: 'Status', code: 400, reason: 'BadRequest', message });
});

test('whoever follows a silent container learns soon that he is connected', () => {
  const harness = withPod({ logs: null });
  const stream = harness.open(resourceRequest('get', path, { parameters: { follow: 'true' } }));
  expect(stream.items).toEqual([]);
  harness.settle(600);
  expect(statusOf(stream)).toBe(200);
  expect(stream.endReason).toBeNull();
});

test('a kubelet that is not there is a 503, a pod on no node a 400, a missing pod a 404', () => {
  const gone = withPod({}, { nodeName: 'node-9' }).open(resourceRequest('get', path));
  expect(statusOf(gone)).toBe(503);
  const unbound = withPod({}, {}).open(resourceRequest('get', path));
  expect(JSON.parse(textOf(unbound)).message).toBe('pod web does not have a host assigned');
  expect(statusOf(new Harness().open(resourceRequest('get', path)))).toBe(404);
});

test('a pod with several containers needs the name of one of them', () => {
  const containers = ['a', 'b'].map((name) => ({ name, image: 'x' }));
  const harness = withPod({ logs: [{ bytes: utf8('hi\n'), status: 200 }] }, { nodeName: 'node-0', containers });
  const ask = (container: string): WatchClient =>
    harness.open(resourceRequest('get', path, { parameters: container === '' ? {} : { container } }));
  expect(textOf(ask('b'))).toBe('hi\n');
  expect(JSON.parse(textOf(ask(''))).message).toBe(
    'a container name must be specified for pod web, choose one of: [a b]',
  );
  expect(JSON.parse(textOf(ask('c'))).message).toBe('container c is not valid for pod web');
});
