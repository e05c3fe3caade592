/** The key of service account tokens: what the port signs, anybody can verify with the published half. */
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepIdentity, keptIdentity, makeIdentity } from '../../../actors/cluster/identity.ts';
import { openTokenCrypto } from '../../../actors/io/token-crypto.ts';
import type { CryptoCommand, CryptoEvent } from '../../../src/actor/crypto-port.ts';
import { keySet } from '../../../src/apiserver/tokens/issuer.ts';

const bytes = new TextEncoder().encode('header.claims');

test('what the port signs, the published key verifies, and so does the port', async () => {
  const { tokenKey } = await makeIdentity();
  const events: CryptoEvent[] = [];
  const self = { path: 'master-0/apiserver', incarnation: 1 };
  const port = openTokenCrypto((event) => events.push(event as CryptoEvent), self, { tokenKey });
  const ask = (command: CryptoCommand): CryptoEvent => {
    port.handle(command);
    return events.at(-1) as CryptoEvent;
  };
  const signed = ask({ type: 'sign', id: 1, bytes });
  const signature = signed.type === 'signed' ? signed.signature : new Uint8Array(0);
  expect(signature).toHaveLength(64);
  const [jwk] = (keySet(tokenKey) as { keys: [{ kid: string }] }).keys;
  expect(jwk.kid).toBe(tokenKey.id);
  const key = createPublicKey({ key: jwk as never, format: 'jwk' });
  expect(verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  expect(ask({ type: 'verify', id: 2, bytes, signature })).toEqual({ type: 'verified', id: 2, isValid: true });
  const other = new TextEncoder().encode('header.forged');
  expect(ask({ type: 'verify', id: 3, bytes: other, signature })).toMatchObject({ isValid: false });
  expect(ask({ type: 'verify', id: 4, bytes, signature: new Uint8Array(3) })).toMatchObject({ isValid: false });
});

test('an identity that was kept without a token key gets one, and keeps it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'threemaster-identity-'));
  try {
    const identity = await makeIdentity();
    await keepIdentity(folder, identity);
    expect((await keptIdentity(folder)).tokenKey).toEqual(identity.tokenKey);
    const path = join(folder, 'identity.json');
    const { tokenKey, ...former } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(former));
    const renewed = await keptIdentity(folder);
    expect(renewed.adminToken).toBe(identity.adminToken);
    expect(renewed.tokenKey.id).not.toBe(tokenKey.id);
    expect((await keptIdentity(folder)).tokenKey).toEqual(renewed.tokenKey);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
