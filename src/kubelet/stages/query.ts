/**
 * The expressions by which stages look at an object: the part of jq that KWOK's stages use. Paths (`.a.b`, `.a["b/c"]`, `.a.[].b`, `.a[0]`, `?`),
 * pipes, `select`, `any`, `all`, `not`, `length`, `first`, `last`, `keys`, `has`, `map`, `tostring`, comparisons, `and`, `or`, `//`, parentheses,
 * literals. Whatever else is refused when the stage is read. Models kwok pkg/utils/expression query.go, and jq's manual.
 */
import type { Json } from '../../api/json.ts';
import { type Filter, QueryError } from './query-filters.ts';
import { QueryReader } from './query-reader.ts';

export type ParsedQuery =
  | { readonly type: 'parsed'; readonly query: Query }
  | { readonly type: 'malformed'; readonly message: string };

export class Query {
  readonly #filter: Filter;

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  /** Returns what the expression finds in an object; null when it does not fit the object, such as one that goes through a list that is not there. */
  find(object: Json): readonly Json[] | null {
    return guarded<readonly Json[] | null>(
      () => this.#filter(object),
      () => null,
    );
  }
}

export function parseQuery(text: string): ParsedQuery {
  return guarded<ParsedQuery>(
    () => ({ type: 'parsed', query: new Query(new QueryReader(text).read()) }),
    (message) => ({ type: 'malformed', message }),
  );
}

/** Within this file's filters a misfit is thrown; outside it is a value. */
function guarded<Outcome>(run: () => Outcome, onError: (message: string) => Outcome): Outcome {
  try {
    return run();
  } catch (error: unknown) {
    if (!(error instanceof QueryError)) throw error;
    return onError(error.message);
  }
}
