/** The registry, request by request, as the distribution specification has them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { blobsMax, repositoriesMax, tagsMax, uploadsMax } from '../../../src/registry/limits.ts';
import { type Answer, codesOf, digestOf, MemoryRegistry } from './memory-registry.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

let registry: MemoryRegistry;

beforeEach(() => {
  registry = new MemoryRegistry();
});

const jsonOf = ({ body }: Answer): unknown => JSON.parse(utf8Text(body));

function upload(name: string): string {
  return registry.send('POST', `/v2/${name}/blobs/uploads/`).headers['location'] ?? '';
}

function pushBlob(name: string, text: string): string {
  const digest = digestOf(utf8(text));
  expect(registry.send('PUT', `${upload(name)}?digest=${digest}`, {}, text).status).toBe(201);
  return digest;
}

function manifestOf(...layers: string[]): string {
  const descriptor = (digest: string): object => ({ mediaType: 'application/octet-stream', digest, size: 1 });
  const [config = '', ...rest] = layers;
  return JSON.stringify({ schemaVersion: 2, config: descriptor(config), layers: rest.map(descriptor) });
}

function pushManifest(name: string, reference: string, text: string, type = manifestType): Answer {
  return registry.send('PUT', `/v2/${name}/manifests/${reference}`, { 'content-type': type }, text);
}

test('it says what it is', () => {
  const answer = registry.send('GET', '/v2/');
  expect(answer).toMatchObject({ status: 200, headers: { 'docker-distribution-api-version': 'registry/2.0' } });
});

describe('a blob', () => {
  test('is pushed in one piece, and read whole and in parts', () => {
    const digest = pushBlob('a/b', 'hello');
    const place = `/v2/a/b/blobs/${digest}`;
    expect(utf8Text(registry.send('GET', place).body)).toBe('hello');
    const head = registry.send('HEAD', place);
    expect([head.status, head.headers['content-length'], head.headers['docker-content-digest']]).toEqual([
      200,
      '5',
      digest,
    ]);
    const part = registry.send('GET', place, { range: 'bytes=1-2' });
    expect([part.status, utf8Text(part.body), part.headers['content-range']]).toEqual([206, 'el', 'bytes 1-2/5']);
    expect(utf8Text(registry.send('GET', place, { range: 'bytes=-2' }).body)).toBe('lo');
    expect(utf8Text(registry.send('GET', place, { range: 'bytes=3-' }).body)).toBe('lo');
    expect(registry.send('GET', place, { range: 'bytes=5-' }).status).toBe(416);
  });

  test('is pushed with the request that opens the upload', () => {
    const digest = digestOf(utf8('hello'));
    const answer = registry.send('POST', `/v2/a/blobs/uploads/?digest=${encodeURIComponent(digest)}`, {}, 'hello');
    expect([answer.status, answer.headers['location']]).toEqual([201, `/v2/a/blobs/${digest}`]);
    expect(registry.send('HEAD', `/v2/a/blobs/${digest}`).status).toBe(200);
  });

  test('is pushed in pieces, in their order alone', () => {
    const place = upload('a');
    expect(registry.send('PATCH', place, { 'content-range': '0-2' }, 'hel')).toMatchObject({
      status: 202,
      headers: { range: '0-2', location: place },
    });
    const early = registry.send('PATCH', place, { 'content-range': '4-4' }, 'o');
    expect([early.status, early.headers['range'], codesOf(early)]).toEqual([416, '0-2', ['BLOB_UPLOAD_INVALID']]);
    expect(registry.send('PATCH', place, { 'content-range': 'x' }, 'l').status).toBe(416);
    expect(registry.send('PATCH', place, { 'content-range': '3-2' }, 'l').status).toBe(416);
    expect(registry.send('PATCH', place, {}, 'l').headers['range']).toBe('0-3');
    expect(registry.send('GET', place)).toMatchObject({ status: 204, headers: { range: '0-3' } });
    const digest = digestOf(utf8('hello'));
    expect(registry.send('PUT', `${place}?digest=${digest}`, { 'content-range': '4-4' }, 'o').status).toBe(201);
    expect(codesOf(registry.send('GET', place))).toEqual(['BLOB_UPLOAD_UNKNOWN']);
    expect(utf8Text(registry.send('GET', `/v2/a/blobs/${digest}`).body)).toBe('hello');
  });

  test('with another digest than was told is none', () => {
    const digest = digestOf(utf8('other'));
    expect(codesOf(registry.send('PUT', `${upload('a')}?digest=${digest}`, {}, 'hello'))).toEqual(['DIGEST_INVALID']);
    expect(codesOf(registry.send('PUT', `${upload('a')}?digest=md5:1`, {}, 'hello'))).toEqual(['DIGEST_INVALID']);
    expect(codesOf(registry.send('PUT', upload('a'), {}, 'hello'))).toEqual(['DIGEST_INVALID']);
    expect(codesOf(registry.send('GET', `/v2/a/blobs/${digest}`))).toEqual(['BLOB_UNKNOWN']);
    expect(registry.folder.blobs.size).toBe(0);
  });

  test('is mounted from another repository, or uploaded if it is not there', () => {
    const digest = pushBlob('a', 'hello');
    const mounted = registry.send('POST', `/v2/b/blobs/uploads/?mount=${digest}&from=a`);
    expect([mounted.status, mounted.headers['docker-content-digest']]).toEqual([201, digest]);
    expect(registry.send('HEAD', `/v2/b/blobs/${digest}`).status).toBe(200);
    expect(registry.send('POST', `/v2/b/blobs/uploads/?mount=${digestOf(utf8('x'))}&from=a`).status).toBe(202);
    expect(registry.send('POST', `/v2/b/blobs/uploads/?mount=${digest}&from=nobody`).status).toBe(202);
  });

  test('belongs to its repository, and goes when the last one lets it go', () => {
    const digest = pushBlob('a', 'hello');
    pushBlob('b', 'hello');
    expect(codesOf(registry.send('GET', `/v2/c/blobs/${digest}`))).toEqual(['BLOB_UNKNOWN']);
    expect(registry.send('DELETE', `/v2/a/blobs/${digest}`).status).toBe(202);
    expect(codesOf(registry.send('DELETE', `/v2/a/blobs/${digest}`))).toEqual(['BLOB_UNKNOWN']);
    expect(registry.send('HEAD', `/v2/b/blobs/${digest}`).status).toBe(200);
    registry.send('DELETE', `/v2/b/blobs/${digest}`);
    expect(registry.folder.blobs.size).toBe(0);
  });

  test('is refused while all uploads that may be open are being written', () => {
    registry.areBodiesWhole = false;
    for (let count = 0; count < uploadsMax; count += 1) registry.begin('PATCH', upload('a'), {}, 'x');
    const refused = registry.send('POST', '/v2/a/blobs/uploads/');
    expect([refused.status, codesOf(refused)]).toEqual([429, ['TOOMANYREQUESTS']]);
  });

  test('is given up', () => {
    const place = upload('a');
    expect(registry.send('DELETE', place).status).toBe(204);
    expect(codesOf(registry.send('PATCH', place, {}, 'x'))).toEqual(['BLOB_UPLOAD_UNKNOWN']);
    expect(codesOf(registry.send('GET', upload('a').replace('/a/', '/b/')))).toEqual(['BLOB_UPLOAD_UNKNOWN']);
  });
});

describe('a manifest', () => {
  test('is pushed by tag, and read by tag and by digest, as it was', () => {
    const text = manifestOf(pushBlob('a', 'config'), pushBlob('a', 'layer'));
    const pushed = pushManifest('a', 'v1', text);
    const digest = digestOf(utf8(text));
    expect([pushed.status, pushed.headers['docker-content-digest']]).toEqual([201, digest]);
    for (const reference of ['v1', digest]) {
      const read = registry.send('GET', `/v2/a/manifests/${reference}`);
      expect([utf8Text(read.body), read.headers['content-type']]).toEqual([text, manifestType]);
      const head = registry.send('HEAD', `/v2/a/manifests/${reference}`);
      expect(head.headers['content-length']).toBe(String(text.length));
    }
    expect(codesOf(registry.send('GET', '/v2/a/manifests/v2'))).toEqual(['MANIFEST_UNKNOWN']);
  });

  test('must name what is there, in its own repository', () => {
    const config = pushBlob('a', 'config');
    const missing = digestOf(utf8('missing'));
    const refused = pushManifest('a', 'v1', manifestOf(config, missing));
    expect([refused.status, codesOf(refused)]).toEqual([404, ['MANIFEST_BLOB_UNKNOWN']]);
    expect(utf8Text(refused.body)).toContain(missing);
    expect(codesOf(pushManifest('b', 'v1', manifestOf(config)))).toEqual(['MANIFEST_BLOB_UNKNOWN']);
    const index = JSON.stringify({
      schemaVersion: 2,
      manifests: [{ digest: missing, size: 1, mediaType: manifestType }],
    });
    expect(codesOf(pushManifest('a', 'v1', index))).toEqual(['MANIFEST_BLOB_UNKNOWN']);
  });

  test.each([
    ['{', 'v1', manifestType, 'MANIFEST_INVALID'],
    ['[]', 'v1', manifestType, 'MANIFEST_INVALID'],
    ['{"schemaVersion":1}', 'v1', manifestType, 'MANIFEST_INVALID'],
    ['{"schemaVersion":2}', 'v1', '', 'MANIFEST_INVALID'],
    ['{"schemaVersion":2,"mediaType":"a\\nb"}', 'v1', '', 'MANIFEST_INVALID'],
    ['{"schemaVersion":2,"mediaType":"a/b\\n"}', 'v1', '', 'MANIFEST_INVALID'],
    ['{"schemaVersion":2}', 'v1', 'a/b/c', 'MANIFEST_INVALID'],
    ['{"schemaVersion":2,"mediaType":"other"}', 'v1', manifestType, 'MANIFEST_INVALID'],
    ['{"schemaVersion":2,"layers":5}', 'v1', manifestType, 'MANIFEST_INVALID'],
    ['{"schemaVersion":2,"layers":[null]}', 'v1', manifestType, 'MANIFEST_INVALID'],
    ['{"schemaVersion":2}', '-v1', manifestType, 'MANIFEST_INVALID'],
    ['{"schemaVersion":2}', `sha256:${'0'.repeat(64)}`, manifestType, 'DIGEST_INVALID'],
    ['{"schemaVersion":2}', 'sha512:12', manifestType, 'DIGEST_INVALID'],
  ])('that is none is refused: %s as %s', (text, reference, type, code) => {
    expect(codesOf(pushManifest('a', reference, text, type))).toEqual([code]);
  });

  test('is deleted by tag alone, or with all its tags', () => {
    const text = manifestOf(pushBlob('a', 'config'));
    const digest = digestOf(utf8(text));
    for (const tag of ['v1', 'v2']) pushManifest('a', tag, text);
    expect(registry.send('DELETE', '/v2/a/manifests/v1').status).toBe(202);
    expect(registry.send('HEAD', '/v2/a/manifests/v2').status).toBe(200);
    expect(registry.send('DELETE', `/v2/a/manifests/${digest}`).status).toBe(202);
    expect(codesOf(registry.send('GET', '/v2/a/manifests/v2'))).toEqual(['MANIFEST_UNKNOWN']);
    expect(codesOf(registry.send('DELETE', `/v2/a/manifests/${digest}`))).toEqual(['MANIFEST_UNKNOWN']);
    expect([...registry.folder.blobs.keys()]).toEqual([digestOf(utf8('config')).slice(7)]);
  });
});

describe('lists', () => {
  test('of tags and repositories come in order and in pages', () => {
    for (const name of ['b', 'a/c']) {
      const text = manifestOf(pushBlob(name, 'config'));
      for (const tag of ['v3', 'v1', 'v2']) pushManifest(name, tag, text);
    }
    expect(jsonOf(registry.send('GET', '/v2/_catalog'))).toEqual({ repositories: ['a/c', 'b'] });
    expect(jsonOf(registry.send('GET', '/v2/a/c/tags/list'))).toEqual({ name: 'a/c', tags: ['v1', 'v2', 'v3'] });
    const page = registry.send('GET', '/v2/b/tags/list?n=2');
    expect([jsonOf(page), page.headers['link']]).toEqual([
      { name: 'b', tags: ['v1', 'v2'] },
      '</v2/b/tags/list?n=2&last=v2>; rel="next"',
    ]);
    const last = registry.send('GET', '/v2/b/tags/list?n=2&last=v2');
    expect([jsonOf(last), last.headers['link']]).toEqual([{ name: 'b', tags: ['v3'] }, undefined]);
    expect(jsonOf(registry.send('GET', '/v2/b/tags/list?n=0'))).toEqual({ name: 'b', tags: [] });
    expect(registry.send('GET', '/v2/b/tags/list?n=x').status).toBe(400);
    expect(codesOf(registry.send('GET', '/v2/none/tags/list'))).toEqual(['NAME_UNKNOWN']);
  });
});

describe('who may enter', () => {
  const basic = (text: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  });

  test('with users: those who know a password', () => {
    registry = new MemoryRegistry({ users: { alice: 'a', bob: 'b' } });
    for (const headers of [{}, basic('alice:b'), basic('alice:'), basic('alice:aa'), { authorization: 'Bearer x' }]) {
      const refused = registry.send('GET', '/v2/', headers);
      expect([refused.status, codesOf(refused)]).toEqual([401, ['UNAUTHORIZED']]);
      expect(refused.headers['www-authenticate']).toBe('Basic realm="threemaster"');
    }
    for (const text of ['alice:a', 'bob:b']) expect(registry.send('GET', '/v2/', basic(text)).status).toBe(200);
  });
});

test('what was acknowledged is there after a restart; uploads and content of nobody are not', () => {
  const text = manifestOf(pushBlob('a_b/c', 'config'));
  pushManifest('a_b/c', 'v1', text);
  const place = upload('a_b/c');
  registry.folder.blobs.set('f'.repeat(64), utf8('left behind'));
  registry.folder.documents.set('junk.json', utf8('{'));
  registry = new MemoryRegistry({ users: {} }, registry.folder);
  expect(utf8Text(registry.send('GET', '/v2/a_b/c/manifests/v1').body)).toBe(text);
  expect(registry.send('HEAD', `/v2/a_b/c/blobs/${digestOf(utf8('config'))}`).status).toBe(200);
  expect(codesOf(registry.send('GET', place))).toEqual(['BLOB_UPLOAD_UNKNOWN']);
  expect(registry.folder.blobs.size).toBe(2);
});

describe('what is full', () => {
  const config = digestOf(utf8('config'));
  const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

  /** Starts a registry that has kept these repositories. */
  function restart(...documents: readonly { readonly name: string }[]): void {
    for (const document of documents) {
      registry.folder.documents.set(
        `${document.name}.json`,
        utf8(JSON.stringify({ blobs: [], manifests: [], tags: [], ...document })),
      );
    }
    registry = new MemoryRegistry({ users: {} }, registry.folder);
  }

  test('of tags: they can be moved, and manifests come by digest', () => {
    pushBlob('a', 'config');
    const text = manifestOf(config);
    pushManifest('a', '0', text);
    const digest = digestOf(utf8(text));
    const manifests = [[digest, { mediaType: manifestType, sizeBytes: text.length }]];
    restart({
      name: 'a',
      blobs: [[config, 6]],
      manifests,
      tags: numbered(tagsMax).map((tag) => [tag, digest]),
    } as never);
    const other = manifestOf(config, config);
    expect(codesOf(pushManifest('a', 'new', other))).toEqual(['DENIED']);
    expect(pushManifest('a', '5', other).status).toBe(201);
    expect(utf8Text(registry.send('GET', '/v2/a/manifests/5').body)).toBe(other);
    const third = manifestOf(config, config, config);
    expect(pushManifest('a', digestOf(utf8(third)), third).status).toBe(201);
  });

  test('of repositories: content that is refused does not stay', () => {
    restart(...numbered(repositoriesMax).map((at) => ({ name: `r${at}` })));
    const digest = digestOf(utf8('hello'));
    expect(codesOf(registry.send('PUT', `${upload('new')}?digest=${digest}`, {}, 'hello'))).toEqual(['DENIED']);
    expect(codesOf(pushManifest('new', 'v1', '{"schemaVersion":2}'))).toEqual(['DENIED']);
    expect(registry.folder.blobs.size).toBe(0);
    pushBlob('r1', 'hello');
    expect(codesOf(registry.send('POST', `/v2/new/blobs/uploads/?mount=${digest}&from=r1`))).toEqual(['DENIED']);
    expect(registry.folder.blobs.size).toBe(1);
  });

  test('of blobs: no upload is opened', () => {
    const digests = numbered(blobsMax).map((at) => at.padStart(64, '0'));
    for (const hex of digests) registry.folder.blobs.set(hex, utf8(''));
    restart({ name: 'a', blobs: digests.map((hex) => [`sha256:${hex}`, 0]) } as never);
    expect(codesOf(registry.send('POST', '/v2/a/blobs/uploads/'))).toEqual(['DENIED']);
    expect(registry.send('POST', '/v2/b/blobs/uploads/').status).toBe(202);
  });
});

test('what was kept under a media type that is none is not there any more', () => {
  const document = {
    name: 'a',
    blobs: [],
    tags: [],
    manifests: [[digestOf(utf8('x')), { mediaType: 'a\nb', sizeBytes: 1 }]],
  };
  registry.folder.documents.set('a.json', utf8(JSON.stringify(document)));
  registry.folder.blobs.set(digestOf(utf8('x')).slice('sha256:'.length), utf8('x'));
  registry = new MemoryRegistry({ users: {} }, registry.folder);
  expect(codesOf(registry.send('HEAD', `/v2/a/manifests/${digestOf(utf8('x'))}`))).toEqual(['MANIFEST_UNKNOWN']);
});

test.each([
  ['GET', '/', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/a', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/%zz/tags/list', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/A/tags/list', 400, 'NAME_INVALID'],
  ['GET', '/v2/../tags/list', 400, 'NAME_INVALID'],
  ['POST', '/v2/', 405, 'UNSUPPORTED'],
  ['PUT', '/v2/a/tags/list', 405, 'UNSUPPORTED'],
  ['POST', '/v2/a/manifests/v1', 405, 'UNSUPPORTED'],
  ['PUT', '/v2/a/blobs/sha256:12', 405, 'UNSUPPORTED'],
  ['GET', '/v2/a/blobs/sha256:12', 400, 'DIGEST_INVALID'],
  ['POST', '/v2/a/blobs/uploads/x', 405, 'UNSUPPORTED'],
  ['GET', '/v2/a/blobs/uploads/', 405, 'UNSUPPORTED'],
])('%s %s is refused', (method, target, status, code) => {
  const answer = registry.send(method, target);
  expect([answer.status, codesOf(answer)]).toEqual([status, [code]]);
});
