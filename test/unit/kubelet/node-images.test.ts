/** What a node says of its images: the biggest, in an order that does not depend on when they came, and never more than a status may hold. */
import { expect, test } from 'vitest';
import { reportedImages } from '../../../src/kubelet/node-images.ts';
import { PortCalls } from '../../../src/kubelet/runtime/port-calls.ts';
import { ProgramImages } from '../../../src/kubelet/runtime/program-images.ts';
import { SimulatedImages } from '../../../src/kubelet/simulated-images.ts';
import type { RuntimeImage } from '../../../src/protocol/runtime.ts';

const image = (id: string, sizeBytes: number, names: readonly string[] = [`${id}:latest`]): RuntimeImage => ({
  id,
  names,
  sizeBytes,
});

test('the biggest image comes first, and of two as big the one with the greater id', () => {
  const images = [image('a', 5), image('b', 9), image('c', 5)];
  const reported = reportedImages(images);
  expect(reported.map(({ names }) => names)).toEqual([['b:latest'], ['c:latest'], ['a:latest']]);
  expect(reportedImages(images.toReversed())).toEqual(reported);
});

test('no more than fifty images are told, and five names of each', () => {
  const many = Array.from({ length: 60 }, (_, index) => image(`i${index}`, index));
  expect(reportedImages(many).map(({ sizeBytes }) => sizeBytes)).toEqual(
    Array.from({ length: 50 }, (_, index) => 59 - index),
  );
  const names = Array.from({ length: 8 }, (_, index) => `app:v${index}`);
  expect(reportedImages([image('a', 1, names)])).toEqual([{ names: names.slice(0, 5), sizeBytes: 1 }]);
});

test('a name that would make the status too big is not told, nor is an image without any other', () => {
  const long = `${'x'.repeat(2_000)}:v1`;
  expect(reportedImages([image('a', 1, [long, 'short:v1']), image('b', 2, [long])])).toEqual([
    { names: ['short:v1'], sizeBytes: 1 },
  ]);
});

test('a simulated image is known by its name with a tag, and its size is a whole number whatever was said', () => {
  let last = 0;
  const images = new SimulatedImages(() => `${(last += 1)}`);
  expect(images.idOf('web')).toBe(null);
  images.add('web', 10);
  images.add('app:v1', -3.5);
  images.add('registry.test:5000/app@sha256:00', 1e300);
  expect(images.idOf('web:latest')).toBe('sha256:1');
  expect(images.add('web:latest', 12.7).id).toBe('sha256:1');
  expect(images.all()).toEqual([
    { id: 'sha256:1', names: ['web:latest'], sizeBytes: 12 },
    { id: 'sha256:2', names: ['app:v1'], sizeBytes: 0 },
    { id: 'sha256:3', names: ['registry.test:5000/app@sha256:00'], sizeBytes: Number.MAX_SAFE_INTEGER },
  ]);
});

test('of real programs only what came out of a registry is an image: by its digest, and by the tags that mean it now', () => {
  const calls = new PortCalls();
  const images = new ProgramImages(calls);
  const pull = (type: 'worker' | 'process', name: string, imageId: string, sizeBytes: number): void => {
    const effect = images.pull(type, { image: name }, () => {});
    const { id } = (effect as unknown as { command: { id: number } }).command;
    calls.complete({ type: 'image', id, imageId, sizeBytes, note: '' });
  };
  pull('worker', 'threemaster/web', '', 0);
  pull('worker', 'file:///modules/shop.js', '', 700);
  pull('process', 'anything', '', 0);
  expect(images.held()).toEqual([]);
  pull('worker', 'localhost:5000/shop', 'localhost:5000/shop@sha256:aa', 500);
  pull('worker', 'localhost:5000/shop:v1', 'localhost:5000/shop@sha256:aa', 500);
  pull('worker', 'localhost:5000/shop@sha256:aa', 'localhost:5000/shop@sha256:aa', 500);
  const tagged = ['localhost:5000/shop@sha256:aa', 'localhost:5000/shop:latest', 'localhost:5000/shop:v1'];
  expect(images.held()).toEqual([{ id: 'localhost:5000/shop@sha256:aa', names: tagged, sizeBytes: 500 }]);
  pull('worker', 'localhost:5000/shop', 'localhost:5000/shop@sha256:bb', 600);
  expect(images.held().map(({ names }) => names)).toEqual([
    ['localhost:5000/shop@sha256:aa', 'localhost:5000/shop:v1'],
    ['localhost:5000/shop@sha256:bb', 'localhost:5000/shop:latest'],
  ]);
});
