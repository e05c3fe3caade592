/** What the writer writes the reader reads, in the shortest form only, and damaged input never throws. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader } from '../../../src/base/byte-reader.ts';
import { ByteWriter } from '../../../src/base/byte-writer.ts';

test('a varint comes back, for every safe integer', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(300)), (value) => {
      const writer = new ByteWriter();
      writer.varint(value);
      const reader = new ByteReader(writer.finish());
      expect(reader.varint()).toBe(value);
      expect(reader.isComplete).toBe(true);
    }),
  );
});

test('strings and bytes come back, also beyond the first buffer', () => {
  const text = fc.string({ unit: fc.nat(255).map((unit) => String.fromCharCode(unit)), maxLength: 300 });
  fc.assert(
    fc.property(text, fc.uint8Array({ maxLength: 600 }), fc.nat(0xffff_ffff), (string, bytes, word) => {
      const writer = new ByteWriter(1);
      writer.binaryString(string);
      writer.bytes(bytes);
      writer.uint32(word);
      const reader = new ByteReader(writer.finish());
      expect([reader.binaryString(), [...reader.ownedBytes()], reader.uint32()]).toEqual([string, [...bytes], word]);
      expect(reader.isComplete).toBe(true);
    }),
  );
});

test('a longer form of a small varint is refused, so that equal values have equal bytes', () => {
  const reader = new ByteReader(new Uint8Array([0x81, 0x00]));
  reader.varint();
  expect(reader.failed).toBe(true);
});

test('a reader of any bytes fails instead of throwing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const reader = new ByteReader(bytes);
      while (!reader.failed && reader.remaining > 0) reader.bytes();
      expect(reader.failed || reader.offset === bytes.length).toBe(true);
    }),
  );
});
