/**
 * Who a cluster is: its authority, its certificate, its admin token, and the ports it was found under before. With a data directory it is
 * kept there, so that a kubeconfig goes on working after a restart.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TokenKey } from '../../src/actor/crypto-port.ts';
import type { ClusterCertificates } from './certificates.ts';

export interface ClusterIdentity {
  readonly certificates: ClusterCertificates;
  readonly adminToken: string;
  readonly tokenKey: TokenKey;
  /** Port by actor path; 0 or absent: any free one. Grows as listeners report. */
  readonly ports: Record<string, number>;
}

const fileName = 'identity.json';

/** Makes a new identity. */
export async function makeIdentity(): Promise<ClusterIdentity> {
  const { makeCertificates } = await import('./certificates.ts');
  return {
    certificates: await makeCertificates(),
    adminToken: randomBytes(24).toString('base64url'),
    tokenKey: makeTokenKey(),
    ports: {},
  };
}

/** Makes the key of service account tokens. Its id is a digest of its public half, as kube-apiserver names keys. */
function makeTokenKey(): TokenKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const id = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return { id, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), x, y };
}

/** Reads the identity that stands in `folder`, or makes one and keeps it there. */
export async function keptIdentity(folder: string): Promise<ClusterIdentity> {
  const text = await readFile(join(folder, fileName), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const kept = text === null ? null : (JSON.parse(text) as ClusterIdentity & { tokenKey?: TokenKey });
  if (kept?.tokenKey !== undefined) return kept;
  // A cluster of a version without tokens gets its key now.
  const identity = kept === null ? await makeIdentity() : { ...kept, tokenKey: makeTokenKey() };
  await keepIdentity(folder, identity);
  return identity;
}

/** Writes the identity to `folder`, readable by its owner alone. */
export async function keepIdentity(folder: string, identity: ClusterIdentity): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `${fileName}.draft`);
  await writeFile(draft, JSON.stringify(identity), { mode: 0o600 });
  await rename(draft, join(folder, fileName));
}
