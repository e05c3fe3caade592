/**
 * Runs the transcripts beside this file: each command, then `----`, then everything that happened, up to an empty line. With REWRITE=1 the
 * expectations are written anew; the difference is to be read, for it is the review of what changed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Interpreter } from './interpreter.ts';

const folder = import.meta.dirname;
const rewrite = process.env['REWRITE'] === '1';

/** Returns the transcript with every expectation replaced by what really happens. */
function perform(text: string): string {
  const interpreter = new Interpreter();
  const output: string[] = [];
  let expected = false;
  for (const line of text.trimEnd().split('\n')) {
    if (line === '----') expected = true;
    else if (line === '') {
      if (!expected || output.at(-1) !== '') output.push('');
      expected = false;
    } else if (line.startsWith('#')) output.push(line);
    else if (!expected) output.push(line, '----', ...interpreter.run(line), '');
  }
  return `${output
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
  test(`the transcript ${name} happens as written`, () => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const performed = perform(text);
    if (rewrite) writeFileSync(path, performed);
    else expect(performed).toBe(text);
  });
}
