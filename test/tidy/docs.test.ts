/** The pages hold what they claim: limits as in the sources, links that lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { limitsPage } from '../../scripts/limits.ts';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

test('docs/limits.md is what the sources say; otherwise run npm run docs', () => {
  expect(readFileSync('docs/limits.md', 'utf8')).toBe(limitsPage());
});

test('links between the pages lead somewhere', () => {
  const broken = pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map((match) => match[1] as string)
      .filter((target) => !existsSync(join(dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test('docs/features.md names tests that there are', () => {
  const named = [...readFileSync('docs/features.md', 'utf8').matchAll(/`(\S+\.test\.ts)` "([^"]+)"/g)];
  expect(named.length).toBeGreaterThan(50);
  const missing = named.flatMap(([, file = '', title = '']) => {
    const path = join('test', file);
    return existsSync(path) && readFileSync(path, 'utf8').includes(title) ? [] : [`${file}: ${title}`];
  });
  expect(missing).toEqual([]);
});
