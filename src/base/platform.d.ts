/**
 * The pure pieces of the platform that rooms under src/ may use. Everything else that a runtime offers (timers, console,
 * process, crypto) is absent from src/tsconfig.json on purpose.
 */
declare class TextEncoder {
  encode(input?: string): Uint8Array;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array, options?: { stream?: boolean }): string;
}
