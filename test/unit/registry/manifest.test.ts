/** Manifests, indexes and configurations that strangers send. */
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { layersMax } from '../../../src/registry/limits.ts';
import { chooseManifest, type ImageIndex, parseConfig, parseManifest } from '../../../src/registry/manifest.ts';

const digest = (character: string): string => `sha256:${character.repeat(64)}`;
const layerType = 'application/vnd.oci.image.layer.v1.tar';
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digest('c'), size: 7 };
const bytesOf = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

function manifest(layers: unknown, rest: object = {}): ReturnType<typeof parseManifest> {
  return parseManifest(bytesOf({ schemaVersion: 2, config, layers, ...rest }), '');
}

describe('a manifest', () => {
  test('names its configuration and layers, of OCI or Docker', () => {
    const layers = [
      { mediaType: `${layerType}+gzip`, digest: digest('1'), size: 1 },
      { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', digest: digest('2'), size: 2 },
      { mediaType: layerType, digest: digest('3'), size: 0 },
    ];
    expect(manifest(layers)).toMatchObject({
      type: 'image',
      config: { digest: digest('c'), sizeBytes: 7 },
      layers: [{ compression: 'gzip' }, { compression: 'gzip', sizeBytes: 2 }, { compression: 'none' }],
    });
  });

  const layer = { mediaType: layerType, digest: digest('1'), size: 1 };
  test.each([
    ['zstd', [{ ...layer, mediaType: `${layerType}+zstd` }], 'compressed by zstd, which is not supported'],
    ['no files', [{ ...layer, mediaType: 'application/json' }], 'which holds no files'],
    ['a digest that we cannot verify', [{ ...layer, digest: 'md5:12' }], 'without a digest'],
    ['no size', [{ ...layer, size: -1 }], 'without a digest or a size'],
    ['a size beyond all bounds', [{ ...layer, size: 2 ** 40 }], 'more than'],
    ['too many layers', Array.from({ length: layersMax + 1 }, () => layer), 'more than'],
    ['layers that are none', 'x', 'names no layers'],
    ['null', [null], 'without a digest'],
  ])('with %s is refused', (_name, layers, message) => {
    expect(manifest(layers)).toMatchObject({ type: 'complaint', message: expect.stringContaining(message) });
  });

  test.each(['', 'x', 'null', '[]', '{"schemaVersion":1}', '{"schemaVersion":2}', '\xff'])(
    'that is none is a complaint: %j',
    (text) => {
      expect(parseManifest(utf8(text), '').type).toBe('complaint');
    },
  );
});

describe('an index', () => {
  const entry = (os: string, architecture: string, character: string): object => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digest(character),
    size: 1,
    platform: { os, architecture },
  });

  test.each([
    ['ours', [entry('linux', 'amd64', '1'), entry('javascript', 'any', '2')], '2'],
    ['Linux', [entry('windows', 'amd64', '1'), entry('linux', 'arm64', '2'), entry('linux', 'amd64', '3')], '3'],
    ['any Linux', [entry('windows', 'amd64', '1'), entry('linux', 'arm64', '2')], '2'],
    ['anything', [entry('unknown', 'unknown', '1'), entry('plan9', 'mips', '2')], '2'],
    ['nothing', [entry('unknown', 'unknown', '1')], null],
  ])('gives %s', (_name, manifests, expected) => {
    const index = parseManifest(bytesOf({ schemaVersion: 2, manifests }), '');
    expect(index.type).toBe('index');
    const chosen = chooseManifest(index as ImageIndex);
    expect(chosen?.digest ?? null).toBe(expected === null ? null : digest(expected));
  });
});

describe('a configuration', () => {
  test('says what starts, and with which layers', () => {
    const rootfs = { type: 'layers', diff_ids: [digest('1')] };
    const own = { Entrypoint: ['node'], Cmd: null, Env: ['A=b=c', 'D'], WorkingDir: '/app', User: 'root' };
    expect(parseConfig(bytesOf({ os: 'plan9', config: own, rootfs }))).toEqual({
      entrypoint: ['node'],
      command: [],
      env: [
        { name: 'A', value: 'b=c' },
        { name: 'D', value: '' },
      ],
      workingDirectory: '/app',
      diffIds: [digest('1')],
    });
    expect(parseConfig(bytesOf({}))).toMatchObject({ entrypoint: [], diffIds: [] });
  });

  test.each([
    [{ config: { Cmd: 'sh' } }],
    [{ config: { Env: [1] } }],
    [{ config: { WorkingDir: 5 } }],
    [{ rootfs: { diff_ids: ['x'] } }],
    ['text'],
  ])('that is malformed is refused: %j', (value) => {
    expect(parseConfig(bytesOf(value))).toMatchObject({ type: 'complaint' });
  });
});
