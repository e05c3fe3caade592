/** Reads manifests: YAML or JSON, several documents, Lists unfolded. */
import { parseAllDocuments } from 'yaml';
import type { AnyObject } from '../../src/api/object-meta.ts';
import { badRequest } from '../../src/api/status-errors.ts';

/** Returns the objects of a manifest in order. Throws StatusError BadRequest that says where the text is malformed. */
export function parseManifest(text: string): AnyObject[] {
  const documents = parseAllDocuments(text, { version: '1.1', merge: true });
  return [...documents].flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw badRequest(`error parsing manifest: ${error.message}`);
    return unfold(document.toJS() as unknown);
  });
}

function unfold(value: unknown): AnyObject[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw badRequest('a manifest document must be an object');
  const object = value as AnyObject & { items?: unknown[] };
  if (object.kind === 'List' && Array.isArray(object.items)) return object.items.flatMap(unfold);
  if (typeof object.apiVersion !== 'string' || typeof object.kind !== 'string')
    throw badRequest('apiVersion and kind must be set');
  if (typeof object.metadata !== 'object' || object.metadata === null)
    throw badRequest(`${object.kind}: metadata must be set`);
  return [object];
}
