/**
 * Assertions stay on in production: a broken invariant must stop one actor at once, before it corrupts what others rely on.
 * An `InvariantError` is a Fault: only the actor host catches it, and supervision decides what follows.
 */

/** A bug: something that the code takes for granted was not so. `details` holds the offending values. */
export class InvariantError extends Error {
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(Object.keys(details).length === 0 ? message : `${message} ${describeDetails(details)}`);
    this.name = 'InvariantError';
    this.details = details;
  }
}

/** Throws InvariantError unless `condition` holds. `details` is built by the caller, so keep it cheap on hot paths. */
export function assert(
  condition: boolean,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): asserts condition {
  if (!condition) throw new InvariantError(message, details);
}

/** Returns `value`, or throws InvariantError when it is absent. */
export function must<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) throw new InvariantError(message);
  return value;
}

/** Marks a branch that the type checker proves empty; throws InvariantError if a value gets there all the same. */
export function unreachable(value: never): never {
  throw new InvariantError('unreachable value', { value });
}

function describeDetails(details: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(details, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
