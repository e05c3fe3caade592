/** Regular expressions that take time in proportion to the text whatever they say, so that nobody's can hold the thread up. */
import { RE2JS } from 're2js';
import { expressionCharactersMax, searchedCharactersMax } from './limits.ts';
import { Pace, type Task } from './tasks.ts';
import { UsageError } from './tool.ts';

/** What a search costs more than moving a byte does. */
const searchCost = 16;

export class Expression {
  readonly #compiled: RE2JS;
  readonly #pace = new Pace();

  /** Throws UsageError for what is malformed, or too long. */
  constructor(pattern: string, ignoresCase = false) {
    if (pattern.length > expressionCharactersMax) throw new UsageError('regular expression too long');
    try {
      this.#compiled = RE2JS.compile(pattern, ignoresCase ? RE2JS.CASE_INSENSITIVE : 0);
    } catch {
      throw new UsageError(`bad regular expression '${pattern}'`);
    }
  }

  /** Returns the first match, or null; throws when the text is too long. */
  *find(text: string): Task<string | null> {
    yield* this.#search(text);
    const matcher = this.#compiled.matcher(text);
    return matcher.find() ? (matcher.group() ?? '') : null;
  }

  /** Replaces the first match, or all of them; `shown` gets the match and its groups. Throws when the text is too long. */
  *replace(text: string, shown: (groups: readonly string[]) => string, all: boolean): Task<string> {
    yield* this.#search(text);
    const matcher = this.#compiled.matcher(text);
    const parts: string[] = [];
    let at = 0;
    while (matcher.find()) {
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? '');
      parts.push(text.slice(at, matcher.start()), shown(groups));
      at = matcher.end();
      if (!all) break;
    }
    return parts.join('') + text.slice(at);
  }

  *#search(text: string): Task<void> {
    if (text.length > searchedCharactersMax) throw new Error('line too long');
    yield* this.#pace.after(searchCost * text.length);
  }
}
