/** YAML texts that are no bodies of requests: what a template made, and what it wants written. */
import { stringify } from 'yaml';
import { utf8 } from '../base/bytes.ts';
import { parseBody } from './body.ts';
import type { Json } from './json.ts';
import { StatusError } from './status.ts';

export type ReadYaml =
  | { readonly type: 'read'; readonly value: Json }
  | { readonly type: 'malformed'; readonly message: string };

/** Reads one document, as the bodies of requests are read. */
export function readYaml(text: string): ReadYaml {
  try {
    return { type: 'read', value: parseBody(utf8(text), 'yaml') };
  } catch (error: unknown) {
    if (!(error instanceof StatusError)) throw error;
    return { type: 'malformed', message: error.message };
  }
}

/** Writes a value in block style, with sorted keys and a line feed at its end. Models sigs.k8s.io/yaml Marshal. */
export function writeYaml(value: unknown): string {
  return stringify(value, {
    version: '1.1',
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}
