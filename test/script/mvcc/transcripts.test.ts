/**
 * Conversations with the keyspace as text: each line that begins with `> ` is a command, what follows is its output. The reader is the
 * oracle; REWRITE=1 writes the actual output into the files, to be reviewed as a diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Transcript } from './transcript.ts';

const folder = import.meta.dirname;
const isRewriting = process.env['REWRITE'] === '1';

function replay(text: string): string {
  const transcript = new Transcript();
  const output: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line === '') output.push(line);
    else if (line.startsWith('> '))
      output.push(
        line,
        ...transcript
          .run(line.slice(2))
          .split('\n')
          .map((part) => `  ${part}`),
      );
  }
  return output.join('\n');
}

for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
  test(`the transcript ${name} comes out as written`, () => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const actual = replay(text);
    if (isRewriting) writeFileSync(path, actual);
    else expect(actual).toBe(text);
    expect(actual).toContain('> ');
  });
}
