/**
 * What Kubernetes says of its kinds and their fields, for `kubectl explain`: taken out of the installed @kubernetes/client-node when dist/ is built, so
 * that nothing of it stands in this repository. The generator of that package leaves the text of a field out where the field refers to another type.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { Descriptions } from '../src/kinds/descriptions.ts';
import { builtInSchemas } from '../src/kinds/schema.ts';

/** Returns the descriptions of every struct of the field table that the package knows, as compressed JSON. */
export function compressedDescriptions(): Buffer {
  const entry = createRequire(import.meta.url).resolve('@kubernetes/client-node');
  const models = join(dirname(entry), 'gen', 'models');
  const descriptions: Record<string, Descriptions[string]> = {};
  for (const struct of builtInSchemas.names()) {
    const file = modelNames(struct)
      .map((name) => join(models, `${name}.d.ts`))
      .find((path) => existsSync(path));
    if (file !== undefined) descriptions[struct] = describedIn(readFileSync(file, 'utf8'));
  }
  return brotliCompressSync(JSON.stringify(descriptions));
}

/** `rbac.v1.Subject` is RbacV1Subject there, or V1Subject if no other package has one. */
function modelNames(struct: string): readonly string[] {
  const [home = '', version = '', name = ''] = struct.split('.');
  const plain = `${capitalized(version)}${name}`;
  return [`${capitalized(home)}${plain}`, plain];
}

/** Reads the comments of a generated declaration: that of the class, and those of its properties. */
function describedIn(declaration: string): Descriptions[string] {
  const [, text = ''] = /\/\*\*\n\* ([^\n]*)\n\*\/\nexport declare class/.exec(declaration) ?? [];
  const fields: Record<string, string> = {};
  for (const [, comment = '', name = ''] of declaration.matchAll(
    / {4}\/\*\*\n {4}\* ([^\n]*)\n {4}\*\/\n {4}'(\w+)'/g,
  )) {
    fields[fieldName(name)] = plainText(comment);
  }
  return [plainText(text), fields];
}

/** Words that TypeScript reserves have an underscore before them, dashes have become underscores. */
function fieldName(property: string): string {
  if (property.startsWith('x_kubernetes_')) return property.replaceAll('_', '-');
  return property.replace(/^_/, '');
}

function plainText(comment: string): string {
  return comment.replaceAll('*_/', '*/').replaceAll(/\\(["'`])/g, '$1');
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
