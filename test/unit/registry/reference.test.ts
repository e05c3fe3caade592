/** Names of images, and what a pod is to run of one. */
import { describe, expect, test } from 'vitest';
import { basicHeader, parseChallenge } from '../../../src/registry/challenge.ts';
import { launchOf, launchOfScript, planLaunch } from '../../../src/registry/launch.ts';
import type { ImageConfig } from '../../../src/registry/manifest.ts';
import { imageIdOf, manifestNameOf, parseReference, registryUrl } from '../../../src/registry/reference.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

describe('a name of an image', () => {
  test.each([
    ['127.0.0.1:5000/shop/web:v1', { registry: '127.0.0.1:5000', repository: 'shop/web', tag: 'v1', digest: null }],
    ['localhost/web', { registry: 'localhost', repository: 'web', tag: 'latest', digest: null }],
    ['docker.io/library/nginx', { registry: 'docker.io', repository: 'library/nginx', tag: 'latest', digest: null }],
    [`ghcr.io/a/b@${digest}`, { registry: 'ghcr.io', repository: 'a/b', tag: null, digest }],
    [`ghcr.io/a/b:v2@${digest}`, { registry: 'ghcr.io', repository: 'a/b', tag: 'v2', digest }],
    ['[::1]:5000/web', { registry: '[::1]:5000', repository: 'web', tag: 'latest', digest: null }],
  ])('%s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  test.each([
    'nginx',
    'library/nginx',
    'threemaster/web',
    'localhost',
    'host.io/',
    'host.io/Web',
    'host.io/web:',
    'host.io/web:a b',
    'host.io/web@sha256:12',
    'host.io/web@md5:0123',
    'host.io/../web',
    'file:///module.mjs',
    './module.mjs',
    `host.io/${'a/'.repeat(200)}b`,
    '',
  ])('that names no registry, or is none: %s', (text) => {
    expect(parseReference(text)).toBeNull();
  });

  test('its manifest is asked for by the digest, else the tag, and its id has the digest', () => {
    const reference = { registry: 'r.io', repository: 'a/b', tag: 'v1', digest: null };
    expect(manifestNameOf(reference)).toBe('v1');
    expect(manifestNameOf({ ...reference, digest })).toBe(digest);
    expect(imageIdOf(reference, digest)).toBe(`r.io/a/b@${digest}`);
  });

  test.each([
    ['127.0.0.1:5000', 'http://127.0.0.1:5000/v2/'],
    ['127.3.0.1', 'http://127.3.0.1/v2/'],
    ['localhost:80', 'http://localhost:80/v2/'],
    ['[::1]:5000', 'http://[::1]:5000/v2/'],
    ['127.0.0.1.example.com', 'https://127.0.0.1.example.com/v2/'],
    ['10.0.0.1:5000', 'https://10.0.0.1:5000/v2/'],
    ['docker.io', 'https://registry-1.docker.io/v2/'],
  ])('only a registry of this machine is spoken to in the clear: %s', (registry, url) => {
    expect(registryUrl(registry)).toBe(url);
  });
});

describe('what a container starts', () => {
  const config = (entrypoint: string[], command: string[] = []): ImageConfig => ({
    entrypoint,
    command,
    env: [],
    workingDirectory: '/',
    diffIds: [],
  });
  const module = (path: string, ...args: string[]): object => ({ type: 'module', path, args });

  test.each([
    ['the image alone', config(['node', 'a.js'], ['x']), [], [], module('a.js', 'x')],
    ['args replace Cmd', config(['node', 'a.js'], ['x']), [], ['y'], module('a.js', 'y')],
    ['command replaces both', config(['node', 'a.js'], ['x']), ['b.mjs'], [], module('b.mjs')],
    ['command and args', config(['node', 'a.js'], ['x']), ['b.cjs'], ['y'], module('b.cjs', 'y')],
    ['Cmd alone', config([], ['/usr/local/bin/node', '/app/main']), [], [], module('/app/main')],
    [
      'Node with harmless options',
      config(['node', '--enable-source-maps', 'a.js', '-v']),
      [],
      [],
      module('a.js', '-v'),
    ],
    ['the script of official images', config(['docker-entrypoint.sh'], ['node', 'a.js']), [], [], module('a.js')],
    ['a tool', config(['sh', '-c'], ['echo']), [], [], { type: 'command', argv: ['sh', '-c', 'echo'] }],
  ])('%s', (_name, image, command, args, expected) => {
    expect(planLaunch(image, { command, args })).toEqual(expected);
  });

  test.each([
    [[], 'names no program'],
    [['node'], 'no module'],
    [['node', '--enable-source-maps'], 'no module'],
    [['node', '-e', '1'], 'the option -e'],
    [['node', '--require', 'x', 'a.js'], 'the option --require'],
  ])('what cannot be started is told: %j', (argv, message) => {
    expect(launchOf(argv)).toMatchObject({ type: 'refused', message: expect.stringContaining(message) });
  });

  test.each([
    ['#!/usr/bin/env node', module('/bin/x', 'a')],
    ['#!/usr/bin/env -S node', module('/bin/x', 'a')],
    ['#!/usr/local/bin/node\r', module('/bin/x', 'a')],
    ['#!/bin/sh -e', { type: 'command', argv: ['sh', '/bin/x', 'a'] }],
    ['#! /usr/bin/env bash', { type: 'command', argv: ['sh', '/bin/x', 'a'] }],
    ['#!/usr/bin/python3', null],
    ['\x7fELF', null],
    ['', null],
  ])('a script is for what its first line says: %j', (line, expected) => {
    expect(launchOfScript(line, '/bin/x', ['a'])).toEqual(expected);
  });
});

describe('a challenge', () => {
  test.each([
    ['Basic realm="x"', { type: 'basic' }],
    [
      'Bearer realm="https://auth.io/token",service="reg.io",scope="repository:a:pull"',
      { type: 'bearer', url: 'https://auth.io/token?service=reg.io&scope=repository%3Aa%3Apull' },
    ],
    ['bearer realm="https://auth.io/token?x=1"', { type: 'bearer', url: 'https://auth.io/token?x=1&scope=own' }],
    ['Bearer service="reg.io"', { type: 'unknown' }],
    ['Bearer realm="file:///etc/passwd"', { type: 'unknown' }],
    ['Negotiate', { type: 'unknown' }],
    ['', { type: 'unknown' }],
  ])('%s', (header, expected) => {
    expect(parseChallenge(header, 'own')).toEqual(expected);
  });

  test('is met by name and password', () => {
    expect(basicHeader({ username: 'a', password: 'b:c' })).toBe(`Basic ${Buffer.from('a:b:c').toString('base64')}`);
  });
});
