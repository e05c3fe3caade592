/**
 * The encoding of everything that crosses from one actor to another: msgpack without records, so that a batch needs no state of its
 * reader (record structures would belong to one direction of one link and die with it).
 */
import { Packr, Unpackr } from 'msgpackr';
import type { Envelope } from './envelope.ts';

const packer = new Packr({ useRecords: false });
const unpacker = new Unpackr({ useRecords: false });

/** An envelope and what it weighs on its link. */
export interface Decoded {
  readonly envelope: Envelope;
  readonly bytes: number;
}

/** Encodes one envelope. The result may share a larger buffer: copy it before it is transferred. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return packer.pack(envelope);
}

/** Decodes a batch: envelopes one after another. Byte arrays inside are views of `batch`. Throws on malformed input. */
export function decodeBatch(batch: Uint8Array): Decoded[] {
  const decoded: Decoded[] = [];
  // The callback only collects: the decoder keeps its position in module state, so nothing else may decode meanwhile.
  unpacker.unpackMultiple(batch, (envelope: unknown, start?: number, end?: number) => {
    decoded.push({ envelope: envelope as Envelope, bytes: (end ?? batch.length) - (start ?? 0) });
  });
  return decoded;
}

/** Returns a deep copy made by encoding and decoding: how arguments reach a child, so that no object is shared. */
export function throughCodec<T>(value: T): T {
  return unpacker.unpack(packer.pack(value)) as T;
}
