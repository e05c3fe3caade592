/**
 * The cluster's own certificate authority, and the certificate that every API server shows. P-256 throughout: an RSA key would take a hundred
 * times as long to make. Imported lazily, because the library takes longer to load than to use.
 */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** PEM texts. */
export interface ClusterCertificates {
  readonly authority: string;
  readonly authorityKey: string;
  readonly server: string;
  readonly serverKey: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const validityMs = 10 * 365 * 24 * 60 * 60 * 1_000;
/** Clocks of clients may be a little behind. */
const backdatedMs = 60 * 60 * 1_000;

/** Names under which the API servers are reached, inside and outside. */
const serverNames = [
  { type: 'dns', value: 'localhost' },
  { type: 'dns', value: 'kubernetes' },
  { type: 'dns', value: 'kubernetes.default' },
  { type: 'dns', value: 'kubernetes.default.svc' },
  { type: 'dns', value: 'kubernetes.default.svc.cluster.local' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
  { type: 'ip', value: '10.96.0.1' },
] as const;

/** Makes an authority and a serving certificate signed by it. */
export async function makeCertificates(): Promise<ClusterCertificates> {
  cryptoProvider.set(webcrypto as never);
  const authorityKeys = await makeKeys();
  const serverKeys = await makeKeys();
  const validity = { notBefore: new Date(Date.now() - backdatedMs), notAfter: new Date(Date.now() + validityMs) };
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: '01',
    name: 'CN=threemaster-ca',
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
    ],
  });
  const server = await X509CertificateGenerator.create({
    ...validity,
    serialNumber: '02',
    subject: 'CN=kube-apiserver',
    issuer: authority.subject,
    signingAlgorithm: algorithm,
    signingKey: authorityKeys.privateKey,
    publicKey: serverKeys.publicKey,
    extensions: [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new SubjectAlternativeNameExtension([...serverNames]),
    ],
  });
  return {
    authority: pem(authority),
    authorityKey: await pemKey(authorityKeys.privateKey),
    server: pem(server),
    serverKey: await pemKey(serverKeys.privateKey),
  };
}

/** A certificate and its key, PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate with which a client is `user` in `groups`, as Kubernetes reads it: common name and organizations. */
export async function makeClientCertificate(
  { authority, authorityKey }: ClusterCertificates,
  user: string,
  groups: readonly string[],
): Promise<ClientCertificate> {
  cryptoProvider.set(webcrypto as never);
  const keys = await makeKeys();
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(authorityKey),
    algorithm,
    false,
    ['sign'],
  );
  const certificate = await X509CertificateGenerator.create({
    notBefore: new Date(Date.now() - backdatedMs),
    notAfter: new Date(Date.now() + validityMs),
    serialNumber: randomBytes(16).toString('hex'),
    subject: [{ CN: [user] }, ...groups.map((group) => ({ O: [group] }))],
    issuer: new X509Certificate(authority).subject,
    signingAlgorithm: algorithm,
    signingKey: signingKey as never,
    publicKey: keys.publicKey,
    extensions: [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    ],
  });
  return { certificate: pem(certificate), key: await pemKey(keys.privateKey) };
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function pemKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
