/** Reads the expressions of stages: a recursive descent from pipes, the loosest, to paths. */

import type { Json } from '../../api/json.ts';
import { queryCharactersMax, queryDepthMax } from './limits.ts';
import {
  alternative,
  combined,
  comparisons,
  each,
  element,
  type Filter,
  field,
  filterFunctions,
  isTruthy,
  lenient,
  piped,
  plainFunctions,
  QueryError,
} from './query-filters.ts';

const wordForm = /\s*("(?:[^"\\]|\\.)*"|\/\/|[=!<>]=|[|<>()[\]?]|\.[A-Za-z_]\w*|\.|-?\d+(?:\.\d+)?|[A-Za-z_]\w*)/y;
const literals: ReadonlyMap<string, Json> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

export class QueryReader {
  readonly #words: readonly string[];
  #at = 0;
  #depth = 0;

  /** Throws QueryError for what holds anything that is not known. */
  constructor(text: string) {
    if (text.length > queryCharactersMax)
      throw new QueryError(`an expression has ${queryCharactersMax} characters at most`);
    const words: string[] = [];
    wordForm.lastIndex = 0;
    let end = 0;
    for (let found = wordForm.exec(text); found !== null; found = wordForm.exec(text)) {
      words.push(found[1] ?? '');
      end = wordForm.lastIndex;
    }
    const rest = text.slice(end).trim();
    if (rest !== '') throw new QueryError(`cannot read ${JSON.stringify(rest)}`);
    this.#words = words;
  }

  /** Throws QueryError. */
  read(): Filter {
    const filter = this.#pipe();
    if (this.#at < this.#words.length) throw this.#unexpected();
    return filter;
  }

  #pipe(): Filter {
    this.#depth += 1;
    if (this.#depth > queryDepthMax) throw new QueryError(`an expression nests ${queryDepthMax} deep at most`);
    let filter = this.#alternative();
    while (this.#take('|')) filter = piped(filter, this.#alternative());
    this.#depth -= 1;
    return filter;
  }

  #alternative(): Filter {
    const filter = this.#or();
    return this.#take('//') ? alternative(filter, this.#alternative()) : filter;
  }

  #or(): Filter {
    let filter = this.#and();
    while (this.#take('or')) filter = combined(filter, this.#and(), (left, right) => isTruthy(left) || isTruthy(right));
    return filter;
  }

  #and(): Filter {
    let filter = this.#comparison();
    while (this.#take('and')) {
      filter = combined(filter, this.#comparison(), (left, right) => isTruthy(left) && isTruthy(right));
    }
    return filter;
  }

  #comparison(): Filter {
    const left = this.#postfix();
    const compare = comparisons[this.#words[this.#at] ?? ''];
    if (compare === undefined) return left;
    this.#at += 1;
    return combined(left, this.#postfix(), compare);
  }

  #postfix(): Filter {
    let filter = this.#term();
    for (;;) {
      const word = this.#words[this.#at] ?? '';
      if (word === '?') {
        this.#at += 1;
        filter = lenient(filter);
      } else if (word === '[') filter = piped(filter, this.#bracket());
      else if (/^\.\w/.test(word)) {
        this.#at += 1;
        filter = piped(filter, field(word.slice(1)));
      } else if (word === '.' && this.#isPathPart(this.#words[this.#at + 1])) {
        this.#at += 1;
        filter = piped(filter, this.#dotted());
      } else return filter;
    }
  }

  /** What may stand behind a dot: `.[]`, `."a/b"`. */
  #isPathPart(word = ''): boolean {
    return word === '[' || word.startsWith('"');
  }

  #dotted(): Filter {
    const word = this.#words[this.#at] ?? '';
    if (word === '[') return this.#bracket();
    this.#at += 1;
    return field(textOf(word));
  }

  #term(): Filter {
    const word = this.#words[this.#at] ?? '';
    if (word === '.') {
      this.#at += 1;
      return this.#isPathPart(this.#words[this.#at]) ? this.#dotted() : (input) => [input];
    }
    this.#at += 1;
    if (/^\.\w/.test(word)) return field(word.slice(1));
    if (word === '(') return this.#enclosed();
    if (word.startsWith('"')) return constant(textOf(word));
    if (/^-?\d/.test(word)) return constant(Number(word));
    const literal = literals.get(word);
    if (literal !== undefined) return constant(literal);
    if (Object.hasOwn(filterFunctions, word) && this.#take('('))
      return (filterFunctions[word] as (f: Filter) => Filter)(this.#enclosed());
    if (Object.hasOwn(plainFunctions, word)) return plainFunctions[word] as Filter;
    this.#at -= 1;
    throw this.#unexpected();
  }

  #enclosed(): Filter {
    const filter = this.#pipe();
    if (!this.#take(')')) throw this.#unexpected();
    return filter;
  }

  #bracket(): Filter {
    this.#at += 1;
    if (this.#take(']')) return each;
    const word = this.#words[this.#at] ?? '';
    const isName = word.startsWith('"');
    if (!isName && !/^-?\d+$/.test(word)) throw this.#unexpected();
    this.#at += 1;
    if (!this.#take(']')) throw this.#unexpected();
    return isName ? field(textOf(word)) : element(Number(word));
  }

  #take(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(): QueryError {
    const word = this.#words[this.#at];
    return new QueryError(word === undefined ? 'ends too early' : `does not know ${JSON.stringify(word)} here`);
  }
}

function constant(value: Json): Filter {
  return () => [value];
}

/** Reads a text in quotes; jq puts values into texts by `\(`, which is not known here. */
function textOf(word: string): string {
  if (/\\(?!["\\/bfnrt]|u[\da-fA-F]{4})/.test(word.replaceAll('\\\\', ''))) throw new QueryError(`cannot read ${word}`);
  if (/\p{Cc}/u.test(word)) throw new QueryError('a text has no control characters');
  return JSON.parse(word) as string;
}
