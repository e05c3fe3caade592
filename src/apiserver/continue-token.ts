/**
 * Where a list in pages goes on: behind which key, and at which revision, so that all pages together are one list at one revision. Opaque to
 * clients. Models apiserver pkg/storage/continue.go, whose spelling is kept.
 */
import { badRequest } from '../api/status-errors.ts';
import { decodeBase64Url, encodeBase64Url } from '../base/base64-url.ts';
import { utf8 } from '../base/bytes.ts';

export interface ContinueToken {
  /** `inconsistentRevision`: what is there now, because the list's own revision is forgotten. */
  readonly revision: number;
  /** The first key of the next page, relative to the resource's prefix. */
  readonly start: string;
}

export const inconsistentRevision = -1;

export function formatContinue(token: ContinueToken): string {
  const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.start });
  return encodeBase64Url(utf8(text));
}

/** Throws StatusError BadRequest for a text that is no token. */
export function parseContinue(text: string): ContinueToken {
  const decoded = decodeBase64Url(text);
  const value = decoded === undefined ? undefined : parsed(decoded);
  if (value === undefined) throw badRequest(`continue key is not valid: ${JSON.stringify(text)}`);
  return value;
}

function parsed(text: string): ContinueToken | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, rv, start } = value as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== 'meta.k8s.io/v1' || typeof start !== 'string' || start === '') return undefined;
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv)) return undefined;
  if (rv <= 0 && rv !== inconsistentRevision) return undefined;
  return { revision: rv, start };
}
