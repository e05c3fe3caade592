/**
 * How others verify tokens without asking an API server: OpenID Connect Discovery 1.0 and a JSON Web Key Set (RFC 7517, 7518).
 * Models kubernetes pkg/serviceaccount/openidmetadata.go.
 */
import type { TokenKey } from '../../actor/crypto-port.ts';
import { tokenIssuer } from './claims.ts';

export const configurationPath = '/.well-known/openid-configuration';
export const keysPath = '/openid/v1/jwks';
export const keySetContentType = 'application/jwk-set+json';

/** `address`: `host:port` under which clients find the API. */
export function issuerConfiguration(address: string): object {
  return {
    issuer: tokenIssuer,
    jwks_uri: `https://${address}${keysPath}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

export function keySet({ id, x, y }: TokenKey): object {
  return { keys: [{ use: 'sig', kty: 'EC', kid: id, crv: 'P-256', alg: 'ES256', x, y }] };
}
