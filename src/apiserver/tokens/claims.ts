/**
 * What a service account's token says. Models kubernetes pkg/serviceaccount/claims.go.
 */
import { isJsonObject, type Json, type JsonObject } from '../../api/json.ts';

/** Who issues tokens; the value that kubeadm gives to kube-apiserver. */
export const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';
/** Whom a token must be meant for to be taken by the API servers. */
export const apiAudiences: readonly string[] = [tokenIssuer];

/** An object by name and uid. */
export interface TokenObject {
  readonly name: string;
  readonly uid: string;
}

/** The part of the claims that is Kubernetes' own. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceaccount: TokenObject;
  /** The token ends with the pod; `node` is where it runs. */
  readonly pod?: TokenObject;
  readonly secret?: TokenObject;
  readonly node?: TokenObject;
}

/** Times are seconds since 1970. */
export interface TokenClaims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly 'kubernetes.io': TokenSubject;
  readonly nbf: number;
  readonly sub: string;
}

/** Returns the name under which a service account is a user. */
export function serviceAccountUser(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** Returns the groups that a service account is in. */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** Splits the name of a user that is a service account; undefined for any other user. */
export function splitServiceAccountUser(
  user: string,
): { readonly namespace: string; readonly name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  return match === null ? undefined : { namespace: match[1] as string, name: match[2] as string };
}

/** Returns the claims of one of our tokens, or undefined when they are not those of a service account's. */
export function readClaims(claims: JsonObject): TokenClaims | undefined {
  const { aud, exp, iat = 0, nbf = 0, iss, jti = '', sub } = claims;
  const subject = readSubject(claims['kubernetes.io']);
  const audiences = typeof aud === 'string' ? [aud] : aud;
  if (subject === undefined || iss !== tokenIssuer || typeof sub !== 'string' || typeof jti !== 'string')
    return undefined;
  if (typeof exp !== 'number' || typeof iat !== 'number' || typeof nbf !== 'number') return undefined;
  if (!Array.isArray(audiences) || !audiences.every((each) => typeof each === 'string')) return undefined;
  if (sub !== serviceAccountUser(subject.namespace, subject.serviceaccount.name)) return undefined;
  return { aud: audiences, exp, iat, iss, jti, 'kubernetes.io': subject, nbf, sub };
}

function readSubject(value: Json | undefined): TokenSubject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { namespace } = value;
  const serviceaccount = readObject(value['serviceaccount']);
  if (typeof namespace !== 'string' || serviceaccount === undefined) return undefined;
  const bound = (['pod', 'secret', 'node'] as const).flatMap((kind) => {
    const object = readObject(value[kind]);
    return object === undefined ? [] : [[kind, object] as const];
  });
  return { namespace, serviceaccount, ...Object.fromEntries(bound) };
}

function readObject(value: Json | undefined): TokenObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { name, uid } = value;
  return typeof name === 'string' && typeof uid === 'string' ? { name, uid } : undefined;
}
