/** Digests: what content is called by what it holds. SHA-256 alone, which is what everybody uses. Models opencontainers/image-spec descriptor.md. */

const sha256 = /^sha256:([0-9a-f]{64})$/;

/** Tells whether this is a digest that we can verify. */
export function isDigest(text: string): boolean {
  return sha256.test(text);
}

/** Returns the hexadecimal part; throws for what `isDigest` refuses. */
export function hexOf(digest: string): string {
  const hex = sha256.exec(digest)?.[1];
  if (hex === undefined) throw new Error(`not a digest: ${digest}`);
  return hex;
}
