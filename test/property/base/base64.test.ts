/** Base64 against the platform's own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64ByteLength, encodeBase64 } from '../../../src/base/base64.ts';

test('bytes are encoded as the platform encodes them, and their number is told from the text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(base64ByteLength(encodeBase64(bytes))).toBe(bytes.length);
    }),
  );
});
