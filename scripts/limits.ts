/** Collects every room's limits.ts into docs/limits.md. A test holds the page to the sources. `npm run docs`. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';

interface Limit {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

function limitFiles(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      if (statSync(path).isDirectory()) return limitFiles(path);
      return name === 'limits.ts' ? [path] : [];
    });
}

/** Constants with the comment before them; a comment serves the constants that follow it without one. */
function limitsOf(text: string): Limit[] {
  const pattern = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export const (\w+)(?:: [\w<>, ]+)? = ([^;{]+);/g;
  let meaning = '';
  return [...text.matchAll(pattern)].map(([, comment, name = '', value = '']) => {
    if (comment !== undefined) meaning = comment.replace(/\s*\n\s*\*\s?/g, ' ').trim();
    return { name, value: value.trim(), meaning };
  });
}

/** Returns the page as text. */
export function limitsPage(): string {
  const rooms = [...limitFiles('src'), ...limitFiles('actors')].flatMap((file) => {
    const limits = limitsOf(readFileSync(file, 'utf8'));
    if (limits.length === 0) return [];
    const rows = limits.map(
      ({ name, value, meaning }) => `| \`${name}\` | \`${value}\` | ${meaning.replaceAll('|', '\\|')} |`,
    );
    return [
      `## ${file.slice(0, -'/limits.ts'.length)}\n\n| limit | value | what it bounds |\n|---|---|---|\n${rows.join('\n')}\n`,
    ];
  });
  return `# Limits\n\nCollected from each room's \`limits.ts\` by \`npm run docs\`; do not edit.\n\n${rooms.join('\n')}`;
}

if (process.argv[1] !== undefined && process.argv[1].endsWith('limits.ts')) {
  writeFileSync('docs/limits.md', limitsPage());
}
