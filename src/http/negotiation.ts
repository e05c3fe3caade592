/**
 * From an Accept header to the form of the answer. The first range that can be served wins.
 * Answers are JSON or YAML; protobuf is a seam: pass it in `formats` once it can be written.
 * Models apiserver pkg/endpoints/handlers/negotiation/negotiate.go.
 */
import type { ObjectFormat, OutputForm } from '../api/request.ts';
import { notAcceptable } from '../api/status-errors.ts';
import { type MediaType, parseAccept } from './media-type.ts';

export type OutputContext = 'resource' | 'discovery';

const formatsByName: Readonly<Record<string, ObjectFormat>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
  'application/*': 'json',
  '*/*': 'json',
};
const namesByFormat: Readonly<Record<ObjectFormat, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};
const plainShape: OutputForm['shape'] = { type: 'object' };

/** Returns the form to answer in; an absent header asks for JSON. Throws StatusError NotAcceptable. */
export function negotiate(
  header: string | undefined,
  context: OutputContext,
  formats: readonly ObjectFormat[] = ['json', 'yaml'],
): OutputForm {
  if (header === undefined || header.trim() === '') return { format: 'json', shape: plainShape };
  for (const range of parseAccept(header)) {
    const format = formatsByName[range.name];
    const shape = shapeOf(range, context);
    if (format !== undefined && formats.includes(format) && shape !== undefined) return { format, shape };
  }
  throw notAcceptable(formats.map((format) => namesByFormat[format]));
}

/** Returns the Content-Type of an answer in that form. */
export function contentTypeOf({ format, shape }: OutputForm): string {
  if (shape.type !== 'aggregatedDiscovery') return namesByFormat[format];
  return `${namesByFormat[format]};g=apidiscovery.k8s.io;v=${shape.version};as=APIGroupDiscoveryList`;
}

/** Undefined for a form that does not exist here. */
function shapeOf({ parameters }: MediaType, context: OutputContext): OutputForm['shape'] | undefined {
  const as = parameters.get('as');
  const version = parameters.get('v') ?? '';
  const group = parameters.get('g') ?? '';
  if (as === undefined) return plainShape;
  if (context === 'discovery') {
    const isKnown = as === 'APIGroupDiscoveryList' && group === 'apidiscovery.k8s.io';
    return isKnown && (version === 'v2' || version === 'v2beta1')
      ? { type: 'aggregatedDiscovery', version }
      : undefined;
  }
  if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (as === 'Table') return { type: 'table', version };
  if (as === 'PartialObjectMetadata') return { type: 'partialMetadata', version, isList: false };
  if (as === 'PartialObjectMetadataList') return { type: 'partialMetadata', version, isList: true };
  return undefined;
}
