/** Pulls and pushes as flows: against the registry itself, and against answers that no good registry gives. */
import { describe, expect, test } from 'vitest';
import { emptyBytes, utf8 } from '../../../src/base/bytes.ts';
import type { RegistryAnswer, RegistryRequest } from '../../../src/registry/exchange.ts';
import { locationOf } from '../../../src/registry/exchange.ts';
import { manifestBytesMax } from '../../../src/registry/limits.ts';
import type { ImageConfig } from '../../../src/registry/manifest.ts';
import { indexType, manifestType } from '../../../src/registry/media-types.ts';
import { type PullAnswer, type PullOutcome, pullImage } from '../../../src/registry/pull-flow.ts';
import { configBytes, manifestBytes, type PushOutcome, pushImage } from '../../../src/registry/push-flow.ts';
import { type ImageReference, parseReference } from '../../../src/registry/reference.ts';
import { digestOf, MemoryRegistry } from './memory-registry.ts';

const alice = { username: 'alice', password: 'a' };
const mallory = { username: 'mallory', password: 'm' };

const named = (text: string): ImageReference => parseReference(text) as ImageReference;
const app = named('127.0.0.1:5000/app:v1');

const layer = { digest: digestOf(utf8('layer')), bytes: utf8('layer') };
const config: ImageConfig = {
  entrypoint: ['node', 'a.js'],
  command: ['x'],
  env: [{ name: 'A', value: 'b' }],
  workingDirectory: '/app',
  diffIds: [digestOf(utf8('plain'))],
};
const image = { config: { digest: digestOf(configBytes(config)), bytes: configBytes(config) }, layers: [layer] };

type Answering = (request: RegistryRequest) => RegistryAnswer;

function push(answer: Answering, credentials = [alice], reference = app): PushOutcome {
  const flow = pushImage(reference, image, credentials);
  let next = flow.next();
  while (next.done !== true) next = flow.next(answer(next.value.request));
  return next.value;
}

/** Layers are taken as they come, if the answer is good. */
function pull(answer: Answering, credentials = [alice], reference = app): PullOutcome & { readonly fetched: string[] } {
  const fetched: string[] = [];
  const flow = pullImage(reference, credentials);
  let next = flow.next();
  while (next.done !== true) {
    const step = next.value;
    let answered: PullAnswer = answer(step.request);
    if (step.type === 'layer' && answered.type === 'response' && answered.status === 200) {
      fetched.push(`${step.layer.digest} ${step.diffId} ${step.layer.compression}`);
      answered = { type: 'stored' };
    }
    next = flow.next(answered);
  }
  return { ...next.value, fetched };
}

function respond(status: number, text = '', headers: Record<string, string> = {}): RegistryAnswer {
  const body = text === '' ? emptyBytes : utf8(text);
  return { type: 'response', status, headers, body, digest: digestOf(body) };
}

describe('with a registry', () => {
  test('what was pushed is what is pulled', () => {
    const registry = new MemoryRegistry();
    const answer: Answering = (request) => registry.answer(request);
    const pushed = push(answer);
    const digest = digestOf(manifestBytes(image));
    expect(pushed).toEqual({ type: 'pushed', imageId: `127.0.0.1:5000/app@${digest}` });
    expect(push(answer)).toEqual(pushed);
    const expected = {
      type: 'pulled',
      imageId: `127.0.0.1:5000/app@${digest}`,
      config,
      layers: [layer.digest],
      sizeBytes: layer.bytes.length + image.config.bytes.length,
      fetched: [`${layer.digest} ${config.diffIds[0]} gzip`],
    };
    expect(pull(answer)).toEqual(expected);
    expect(pull(answer, [], named(`127.0.0.1:5000/app@${digest}`))).toEqual(expected);
    expect(pull(answer, [], named('127.0.0.1:5000/app:v2'))).toMatchObject({
      message:
        '127.0.0.1:5000/app:v2: not found: 127.0.0.1:5000 answered 404 MANIFEST_UNKNOWN: manifest unknown to registry',
    });
  });

  test('a password is shown to who asks for it, the right one of several', () => {
    const registry = new MemoryRegistry({ users: { alice: 'a' } });
    const answer: Answering = (request) => registry.answer(request);
    expect(push(answer, [mallory])).toMatchObject({ type: 'failed', message: expect.stringContaining('401') });
    expect(push(answer, [mallory, alice]).type).toBe('pushed');
    expect(pull(answer, [mallory, alice]).type).toBe('pulled');
    for (const credentials of [[], [mallory]]) {
      expect(pull(answer, credentials)).toMatchObject({
        type: 'failed',
        message: expect.stringMatching(/^authorization failed: .* 401 UNAUTHORIZED: authentication required$/),
      });
    }
  });

  test('a token is fetched where the registry says, and used from then on', () => {
    const registry = new MemoryRegistry();
    push((request) => registry.answer(request));
    const asked: string[] = [];
    const outcome = pull((request) => {
      const { url, headers } = request;
      asked.push(url.replace(/sha256:\w+/, 'DIGEST'));
      if (url.startsWith('http://auth')) {
        return headers['authorization'] === 'Basic YWxpY2U6YQ==' ? respond(200, '{"access_token":"t0"}') : respond(401);
      }
      if (headers['authorization'] === 'Bearer t0') return registry.answer(request);
      return respond(401, '', { 'www-authenticate': 'Bearer realm="http://auth/token",service="reg"' });
    });
    expect(outcome.type).toBe('pulled');
    expect(asked).toEqual([
      'http://127.0.0.1:5000/v2/app/manifests/v1',
      'http://auth/token?service=reg&scope=repository%3Aapp%3Apull',
      'http://127.0.0.1:5000/v2/app/manifests/v1',
      'http://127.0.0.1:5000/v2/app/blobs/DIGEST',
      'http://127.0.0.1:5000/v2/app/blobs/DIGEST',
    ]);
  });

  test('anybody’s token is tried when there is nobody to be', () => {
    const registry = new MemoryRegistry();
    push((request) => registry.answer(request));
    const outcome = pull((request) => {
      if (request.url.startsWith('http://auth')) return respond(200, '{"token":"any"}');
      if (request.headers['authorization'] === 'Bearer any') return registry.answer(request);
      return respond(401, '', { 'www-authenticate': 'Bearer realm="http://auth/token"' });
    }, []);
    expect(outcome.type).toBe('pulled');
  });

  test('a password that goes over TLS is not sent on in the clear', () => {
    const asked: string[] = [];
    pull(
      ({ url }) => {
        asked.push(url);
        return respond(401, '', { 'www-authenticate': 'Bearer realm="http://auth/token"' });
      },
      [alice],
      named('reg.io/app'),
    );
    expect(asked).toEqual(['https://reg.io/v2/app/manifests/latest']);
  });
});

describe('an answer that is not as it must be', () => {
  const manifest = (rest: object): string =>
    JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: 'x', digest: image.config.digest, size: 5 },
      layers: [],
      ...rest,
    });

  test.each<[string, RegistryAnswer, string]>([
    ['no answer', { type: 'failed', message: 'connect ECONNREFUSED' }, 'ECONNREFUSED'],
    ['an error', respond(500, '<html>'), '127.0.0.1:5000 answered 500'],
    [
      'an error in words',
      respond(429, '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}'),
      '429 TOOMANYREQUESTS: slow down',
    ],
    ['an error in other words', respond(500, '{"errors":[{"code":5}]}'), 'answered 500'],
    ['no manifest', respond(200, 'x'), 'no JSON object'],
    [
      'the digest of another one',
      respond(200, manifest({}), { 'docker-content-digest': 'sha256:0' }),
      'not the digest sha256:0',
    ],
    ['an index of nothing', respond(200, manifest({ mediaType: indexType, manifests: [] })), 'names no image'],
    [
      'a configuration without end',
      respond(200, manifest({ config: { mediaType: 'x', digest: layer.digest, size: manifestBytesMax + 1 } })),
      'more than',
    ],
    ['an unknown challenge', respond(401, '', { 'www-authenticate': 'Negotiate' }), 'answered 401'],
    ['a refusal', respond(403), 'authorization failed'],
  ])('%s', (_name, answer, message) => {
    expect(pull(() => answer)).toMatchObject({ type: 'failed', message: expect.stringContaining(message) });
  });

  test('an index that leads to itself for ever is left', () => {
    const index = (): RegistryAnswer => {
      const digest = digestOf(utf8('any'));
      const text = JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: indexType, digest, size: 1 }] });
      return { ...(respond(200, text, { 'content-type': indexType }) as object), digest } as RegistryAnswer;
    };
    expect(pull(index)).toMatchObject({ type: 'failed', message: 'the index leads to more and more indexes' });
  });

  test('content with another digest than was asked for is refused', () => {
    const registry = new MemoryRegistry();
    push((request) => registry.answer(request));
    const lie = (part: string): string => {
      const outcome = pull(
        (request) => {
          const answer = registry.answer(request);
          return request.url.includes(part) ? { ...answer, digest: digestOf(utf8('lie')) } : answer;
        },
        [],
        named(`127.0.0.1:5000/app@${digestOf(manifestBytes(image))}`),
      );
      return outcome.type === 'failed' ? outcome.message : 'pulled';
    };
    expect(lie('/manifests/')).toMatch(/^the manifest of sha256:\w+ is sha256:\w+, which is not the digest/);
    expect(lie(image.config.digest)).toMatch(/^the configuration is sha256:\w+, which is not the digest/);
  });

  test('layers that the configuration does not know are refused', () => {
    const registry = new MemoryRegistry();
    const bytes = configBytes({ ...config, diffIds: [] });
    const flow = pushImage(app, { ...image, config: { digest: digestOf(bytes), bytes } }, []);
    let next = flow.next();
    while (next.done !== true) next = flow.next(registry.answer(next.value.request));
    expect(pull((request) => registry.answer(request))).toMatchObject({ message: expect.stringContaining('names 0') });
  });

  test('a layer that is not there is told', () => {
    const registry = new MemoryRegistry();
    push((request) => registry.answer(request));
    registry.send('DELETE', `/v2/app/blobs/${layer.digest}`);
    expect(pull((request) => registry.answer(request))).toMatchObject({
      message: expect.stringContaining('BLOB_UNKNOWN'),
    });
  });

  test('a push ends with the first refusal', () => {
    for (const status of [404, 202]) {
      expect(push(() => respond(status, '', { location: '/x' })).type).toBe('failed');
    }
    expect(push(() => ({ type: 'failed', message: 'gone' }))).toEqual({ type: 'failed', message: 'gone' });
    expect(manifestType).toContain('manifest');
  });
});

describe('a registry that sends uploads elsewhere', () => {
  /** Pushes to reg.io; returns what each PUT of a blob was shown, with its place. */
  function pushedTo(location: string): { readonly outcome: PushOutcome; readonly shown: string[] } {
    const shown: string[] = [];
    const answer: Answering = ({ method, url, headers }) => {
      if (method === 'PUT' && !url.includes('/manifests/')) {
        shown.push(`${url.replace(/\?.*/, '')} ${headers['authorization']}`);
        return /^https:\/\/reg\.io(?::443)?\//i.test(url)
          ? respond(201)
          : respond(401, '', { 'www-authenticate': 'Basic' });
      }
      if (headers['authorization'] === undefined) return respond(401, '', { 'www-authenticate': 'Basic' });
      if (method === 'HEAD') return respond(404);
      return method === 'POST' ? respond(202, '', { location }) : respond(201, '', { 'docker-content-digest': 'd' });
    };
    return { outcome: push(answer, [alice], named('reg.io/app')), shown };
  }

  test('is shown the password at its own address alone', () => {
    const basic = 'Basic YWxpY2U6YQ==';
    expect(pushedTo('https://evil.io/u').shown).toEqual(['https://evil.io/u undefined']);
    expect(pushedTo('https://reg.io@evil.io/u').shown).toEqual(['https://reg.io@evil.io/u undefined']);
    expect(pushedTo('https://reg.io/u')).toMatchObject({ outcome: { type: 'pushed' } });
    expect(pushedTo('https://REG.io:443/u').shown[0]).toBe(`https://REG.io:443/u ${basic}`);
  });

  test('gets nothing in the clear', () => {
    const { outcome, shown } = pushedTo('http://reg.io/u');
    expect([outcome, shown]).toEqual([{ type: 'failed', message: expect.stringContaining('without TLS') }, []]);
  });
});

test.each([
  ['http://r.io/v2/a/blobs/uploads/', '/v2/a/blobs/uploads/1?x=y', 'http://r.io/v2/a/blobs/uploads/1?x=y'],
  ['http://r.io/v2/a/blobs/uploads/', 'https://s.io/u/1', 'https://s.io/u/1'],
  ['http://r.io/v2/a/blobs/uploads/', '1', 'http://r.io/v2/a/blobs/uploads/1'],
])('a place is resolved: %s and %s', (url, location, expected) => {
  expect(locationOf(url, location)).toBe(expected);
});
