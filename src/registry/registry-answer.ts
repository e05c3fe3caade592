/** What the registry answers, and its errors with their codes. Models opencontainers/distribution-spec "Error Codes". */
import { emptyBytes, utf8 } from '../base/bytes.ts';

export interface RegistryReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Status and message of each code. */
const errors = {
  BLOB_UNKNOWN: [404, 'blob unknown to registry'],
  BLOB_UPLOAD_INVALID: [416, 'blob upload invalid'],
  BLOB_UPLOAD_UNKNOWN: [404, 'blob upload unknown to registry'],
  DIGEST_INVALID: [400, 'provided digest did not match uploaded content'],
  MANIFEST_BLOB_UNKNOWN: [404, 'manifest references a manifest or blob unknown to registry'],
  MANIFEST_INVALID: [400, 'manifest invalid'],
  MANIFEST_UNKNOWN: [404, 'manifest unknown to registry'],
  NAME_INVALID: [400, 'invalid repository name'],
  NAME_UNKNOWN: [404, 'repository name not known to registry'],
  SIZE_INVALID: [413, 'provided length did not match content length'],
  UNAUTHORIZED: [401, 'authentication required'],
  DENIED: [403, 'requested access to the resource is denied'],
  TOOMANYREQUESTS: [429, 'too many requests'],
  UNSUPPORTED: [405, 'the operation is unsupported'],
  UNKNOWN: [500, 'the registry could not keep it'],
} as const;

export type RegistryErrorCode = keyof typeof errors;

/** Makes the answer that tells an error. `detail` is for people. */
export function refusal(
  code: RegistryErrorCode,
  detail: string | object = '',
  headers: Readonly<Record<string, string>> = {},
): RegistryReply {
  const [status, message] = errors[code];
  const error = { code, message, ...(detail === '' ? {} : { detail }) };
  return { ...json({ errors: [error] }, headers), status };
}

/** Makes an answer of JSON. */
export function json(value: object, headers: Readonly<Record<string, string>> = {}): RegistryReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: utf8(JSON.stringify(value)),
  };
}

/** Makes an answer without a body. */
export function bare(status: number, headers: Readonly<Record<string, string>> = {}): RegistryReply {
  return { status, headers, body: emptyBytes };
}
