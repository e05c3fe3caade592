/**
 * The Crypto port: signatures with the cluster's token key, as commands and events. The key is handed to the port with the arguments of
 * its actor, and the port signs; behaviours see bytes only. ES256 throughout (RFC 7518 section 3.4: P-256, SHA-256, 64 bytes).
 */

/** The key that the tokens of service accounts are signed with; one per cluster, the same at all masters. */
export interface TokenKey {
  /** Names the key in headers of tokens. */
  readonly id: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** Coordinates of the public point, base64url. */
  readonly x: string;
  readonly y: string;
}

/** What the arguments of an actor hold for its Crypto port. */
export interface CryptoArgs {
  readonly tokenKey: TokenKey;
}

/** `id` comes back with the event. */
export type CryptoCommand =
  | { readonly type: 'sign'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'verify'; readonly id: number; readonly bytes: Uint8Array; readonly signature: Uint8Array };

export type CryptoEvent =
  | { readonly type: 'signed'; readonly id: number; readonly signature: Uint8Array }
  | { readonly type: 'verified'; readonly id: number; readonly isValid: boolean };
