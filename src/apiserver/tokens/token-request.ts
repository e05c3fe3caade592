/**
 * serviceaccounts/token: a token for an account, perhaps bound to a pod, a secret or a node, with which it ends.
 * Models kubernetes pkg/registry/core/serviceaccount/storage/token.go and pkg/apis/authentication/validation.
 */
import type { Flow } from '../../actor/flow.ts';
import { type FieldError, invalid } from '../../api/field-error.ts';
import type { Mutable } from '../../api/json.ts';
import { type AnyObject, type KubeObject, nameOf, type ObjectMeta, uidOf } from '../../api/object-meta.ts';
import { badRequest, conflict, invalidObject, notFound } from '../../api/status-errors.ts';
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import { writeOptions } from '../../http/options.ts';
import { decodeObject } from '../../kinds/decode.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { type Answer, completeJson } from '../answer.ts';
import { bodyOf, type Call } from '../call.ts';
import type { Environment } from '../environment.ts';
import { readEntry } from '../get.ts';
import { apiAudiences, type TokenObject, type TokenSubject } from './claims.ts';
import { issueToken } from './issue-token.ts';

interface BoundReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}

interface TokenRequest extends KubeObject {
  readonly spec: {
    readonly audiences?: readonly string[] | null;
    readonly expirationSeconds?: number | null;
    readonly boundObjectRef?: BoundReference | null;
  };
  readonly status?: object;
}

type Bound = Partial<Pick<TokenSubject, 'pod' | 'secret' | 'node'>>;

const tokenRequestKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const secondsDefault = 3_600;
const secondsMin = 600;
const secondsMax = 2 ** 32;

export function* handleTokenRequest(environment: Environment, call: Call): Flow<Answer> {
  const options = writeOptions(call.query, 'CreateOptions');
  const tree = bodyOf(call, tokenRequestKind);
  const { object } = decodeObject(tree, tokenRequestKind, environment.schemas, options.fieldValidation);
  const request = object as unknown as TokenRequest;
  const { name, namespace } = call.request;
  const account = (yield* readEntry(environment, call)).object;
  placeRequest(request, name, namespace);
  checkRequest(request, uidOf(account));
  const audiences = request.spec.audiences ?? [];
  const granted = audiences.length > 0 ? audiences : apiAudiences;
  const seconds = request.spec.expirationSeconds ?? secondsDefault;
  const parts = boundObjects(environment, call, request.spec.boundObjectRef ?? undefined);
  const subject = { namespace, serviceaccount: factsOf(account), ...parts };
  const { wallMs } = environment.stamp;
  const token = options.isDryRun ? '' : yield* issueToken(environment, subject, granted, seconds);
  const expirationTimestamp = timestampSeconds((wallMs + seconds * 1000) as WallMs);
  return completeJson(201, {
    ...request,
    metadata: { ...request.metadata, creationTimestamp: timestampSeconds(wallMs) },
    spec: {
      audiences: granted,
      expirationSeconds: seconds,
      boundObjectRef: request.spec.boundObjectRef ?? null,
    },
    status: { token, expirationTimestamp },
  });
}

/** The path says whose token it is; the object may repeat it. */
function placeRequest({ metadata }: TokenRequest, name: string, namespace: string): void {
  const own = metadata as Mutable<ObjectMeta>;
  for (const [field, given, actual] of [
    ['name', own.name ?? '', name],
    ['namespace', own.namespace ?? '', namespace],
  ] as const) {
    if (given !== '' && given !== actual) {
      const title = field === 'name' ? 'service account name' : 'namespace';
      throw badRequest(
        `the ${title} in the token request (${given}) does not match the ${title} on the URL (${actual})`,
      );
    }
    own[field] = actual;
  }
}

function checkRequest({ metadata, spec }: TokenRequest, uid: string): void {
  if ((metadata.uid ?? '') !== '' && metadata.uid !== uid) {
    const cause = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
    throw conflict({ group: '', resource: 'serviceaccounts' }, metadata.name ?? '', cause);
  }
  const errors: FieldError[] = [];
  const seconds = spec.expirationSeconds ?? secondsDefault;
  if (seconds < secondsMin) {
    errors.push(invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'));
  }
  if (seconds > secondsMax) {
    errors.push(invalid('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  for (const [index, audience] of (spec.audiences ?? []).entries()) {
    if (audience === '') errors.push(invalid(`spec.audiences[${index}]`, audience, 'must not be empty'));
  }
  if (errors.length > 0) throw invalidObject(tokenRequestKind, metadata.name ?? '', errors);
}

/** Returns what the token is bound to. Throws StatusError for an object that is not there, or another than was meant. */
function boundObjects(environment: Environment, call: Call, reference: BoundReference | undefined): Bound {
  if (reference === undefined) return {};
  const { apiVersion = '', kind = '' } = reference;
  switch (`${apiVersion}/${kind}`) {
    case 'v1/Pod':
      return boundPod(environment, call, reference);
    case 'v1/Secret':
      return { secret: factsOf(bound(environment, 'secrets', call.request.namespace, reference)) };
    case 'v1/Node':
      return { node: factsOf(bound(environment, 'nodes', '', reference)) };
    default:
      throw badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
  }
}

function boundPod(environment: Environment, call: Call, reference: BoundReference): Bound {
  const { namespace, name } = call.request;
  const pod = bound(environment, 'pods', namespace, reference) as unknown as Pod;
  if ((pod.spec.serviceAccountName ?? '') !== name) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(name)} to pod running with different serviceaccount name.`,
    );
  }
  const { nodeName = '' } = pod.spec;
  const { stored } = environment.catalog.mustServe({ group: '', version: 'v1', resource: 'nodes' });
  const node = nodeName === '' ? undefined : environment.cache.get(stored, '', nodeName);
  return { ...(node === undefined ? {} : { node: { name: nodeName, uid: node.facts.uid } }), pod: factsOf(pod) };
}

function bound(environment: Environment, resource: string, namespace: string, reference: BoundReference): AnyObject {
  const { name = '', uid = '' } = reference;
  const served = environment.catalog.mustServe({ group: '', version: 'v1', resource });
  const object = environment.cache.get(served.stored, namespace, name)?.object;
  if (object === undefined) throw notFound(served.info, name);
  if (uid !== '' && uid !== uidOf(object)) {
    const cause =
      `the UID in the bound object reference (${uid}) does not match the UID in record. ` +
      'The object might have been deleted and then recreated';
    throw conflict({ group: '', resource: served.info.kind }, name, cause);
  }
  return object;
}

function factsOf(object: KubeObject): TokenObject {
  return { name: nameOf(object), uid: uidOf(object) };
}
