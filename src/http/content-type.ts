/** From a Content-Type header to the format of a body. Models apiserver pkg/endpoints/handlers/patch.go and negotiation. */
import type { ObjectFormat, PatchFormat } from '../api/request.ts';
import { unsupportedMediaType } from '../api/status-errors.ts';
import { parseMediaType } from './media-type.ts';

const objectFormats: Readonly<Record<string, ObjectFormat>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};
const patchFormats: Readonly<Record<string, PatchFormat>> = {
  'application/json-patch+json': 'jsonPatch',
  'application/merge-patch+json': 'mergePatch',
  'application/strategic-merge-patch+json': 'strategicMergePatch',
  'application/apply-patch+yaml': 'applyPatch',
};

/** The format of an object; an absent header means JSON. Throws StatusError UnsupportedMediaType. */
export function objectFormatOf(header: string | undefined): ObjectFormat {
  return header === undefined || header.trim() === '' ? 'json' : lookUp(objectFormats, header);
}

/** The format of a patch. Throws StatusError UnsupportedMediaType. */
export function patchFormatOf(header: string | undefined): PatchFormat {
  return lookUp(patchFormats, header ?? '');
}

function lookUp<T>(formats: Readonly<Record<string, T>>, header: string): T {
  const name = parseMediaType(header)?.name ?? '';
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (format === undefined) throw unsupportedMediaType(Object.keys(formats));
  return format;
}
