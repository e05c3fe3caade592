/** How secrets begin and change. Models kubernetes pkg/apis/core/validation ValidateSecret. */
import { type FieldError, invalid, required, tooLong } from '../../api/field-error.ts';
import { type Mutable, setDefault } from '../../api/json.ts';
import { base64ByteLength, encodeBase64 } from '../../base/base64.ts';
import { decodeBase64Url } from '../../base/base64-url.ts';
import { utf8 } from '../../base/bytes.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { payloadBytesMax, sum, validateFrozen, validateKeys } from '../configmap/strategy.ts';
import { checkedImmutable } from '../field-checks.ts';
import type { Secret } from './types.ts';

/** Keys that a secret of a type must have. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

/** Keys whose values are files in JSON. */
const configurations: Readonly<Record<string, string>> = {
  'kubernetes.io/dockercfg': '.dockercfg',
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
};

export const secretBehaviour: KindBehaviour<Secret> = {
  fieldLabels: ['type'],
  selectableFields: ({ type }) => ({ type: type ?? '' }),
  setDefaults(secret) {
    setDefault(secret, 'type', 'Opaque');
    mergeStringData(secret);
  },
  validate: validateSecret,
  validateUpdate: (next, old) => [
    ...checkedImmutable('type', next.type, old.type),
    ...validateFrozen(next, old, ['data']),
  ],
};

function mergeStringData(secret: Mutable<Secret>): void {
  if (secret.stringData === undefined) return;
  const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, encodeBase64(utf8(text))] as const);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

function validateSecret({ data = {}, type = '', metadata }: Secret): FieldError[] {
  const errors = validateKeys(data, 'data');
  if (sum(data, base64ByteLength) > payloadBytesMax) errors.push(tooLong('data', payloadBytesMax));
  for (const key of requiredKeys[type] ?? []) if (!Object.hasOwn(data, key)) errors.push(required(`data[${key}]`));
  const configuration = configurations[type];
  if (configuration !== undefined && Object.hasOwn(data, configuration) && !isJson(data[configuration] ?? '')) {
    errors.push(invalid(`data[${configuration}]`, '<secret contents redacted>', 'must be valid JSON'));
  }
  if (type === 'kubernetes.io/ssh-auth' && data['ssh-privatekey'] === '') errors.push(required('data[ssh-privatekey]'));
  if (type === 'kubernetes.io/basic-auth' && !Object.hasOwn(data, 'username') && !Object.hasOwn(data, 'password')) {
    errors.push(required('data[username]'), required('data[password]'));
  }
  const account = 'kubernetes.io/service-account.name';
  if (type === 'kubernetes.io/service-account-token' && (metadata.annotations?.[account] ?? '') === '') {
    errors.push(required(`metadata.annotations[${account}]`));
  }
  return errors;
}

function isJson(encoded: string): boolean {
  const text = decodeBase64Url(encoded.replaceAll('+', '-').replaceAll('/', '_'));
  if (text === undefined) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
