/** Nominal types over numbers and strings, so that a term is never passed where an index is meant. */

declare const brandKey: unique symbol;

/** `Value` that carries the name `Name` at compile time only. */
export type Brand<Value, Name extends string> = Value & { readonly [brandKey]: Name };

/** Milliseconds on a monotonic clock with an arbitrary origin: for timers and leases. */
export type MonotonicMs = Brand<number, 'MonotonicMs'>;

/** Milliseconds since the Unix epoch: for timestamps that people read, never for deciding anything. */
export type WallMs = Brand<number, 'WallMs'>;
