/** DeleteOptions from the body of a deletion; kubectl sends them without kind and apiVersion. */
import { invalid, notSupported } from '../api/field-error.ts';
import { fieldOf, isJsonObject, type Json, type JsonObject, quoted } from '../api/json.ts';
import type { DeleteOptions, PropagationPolicy } from '../api/request.ts';
import { badRequest, invalidObject } from '../api/status-errors.ts';
import { must } from '../base/assert.ts';
import { decodeStruct } from './decode.ts';
import type { Schemas } from './schema.ts';

interface DeleteOptionsBody {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
  readonly dryRun?: readonly string[];
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

const policies: readonly string[] = ['Foreground', 'Background', 'Orphan'];

/** Decodes and validates a body. Throws StatusError BadRequest or Invalid. */
export function deleteOptionsOfBody(tree: Json, schemas: Schemas): DeleteOptions {
  if (isJsonObject(tree)) checkKind(tree);
  const struct = must(schemas.struct('meta.v1.DeleteOptions'), 'DeleteOptions');
  const body = decodeStruct(tree, struct, schemas) as unknown as DeleteOptionsBody;
  const { propagationPolicy: policy, orphanDependents: orphans, dryRun = [] } = body;
  const errors = [];
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...policies, 'nil']));
  }
  if (policy !== undefined && orphans !== undefined) {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']));
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  const former = orphans === undefined ? undefined : orphans ? 'Orphan' : 'Background';
  return {
    isDryRun: dryRun.includes('All'),
    gracePeriodSeconds: body.gracePeriodSeconds,
    propagationPolicy: (policy as PropagationPolicy | undefined) ?? former,
    preconditions: body.preconditions ?? {},
  };
}

/** Every group has DeleteOptions, so any apiVersion will do. */
function checkKind(tree: JsonObject): void {
  const kind = fieldOf(tree, 'kind') ?? '';
  if (typeof kind !== 'string' || kind === '' || kind === 'DeleteOptions') return;
  const version = fieldOf(tree, 'apiVersion');
  const text = typeof version === 'string' ? version : '';
  throw badRequest(`no kind ${quoted(kind)} is registered for version ${quoted(text)} of DeleteOptions`);
}
