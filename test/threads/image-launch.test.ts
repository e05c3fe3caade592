/** What is started of an image whose files are laid out. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { startOfImage } from '../../actors/io/programs/image-launch.ts';

test('a working directory that is relative begins at the image', () => {
  const root = mkdtempSync(join(tmpdir(), 'threemaster-launch-'));
  mkdirSync(join(root, 'app'));
  writeFileSync(join(root, 'app/main.mjs'), '');
  const config = { entrypoint: ['node', 'main.mjs'], command: [], env: [], workingDirectory: 'app', diffIds: [] };
  const asked = { isExec: false, command: [], args: [], workingDirectory: 'app', path: '' };
  expect(startOfImage(root, config, asked).start).toEqual({
    type: 'module',
    url: pathToFileURL(join(root, 'app/main.mjs')).href,
  });
  rmSync(root, { recursive: true });
});
