/**
 * How deep a YAML text may nest, judged before it is parsed. The parser recurses, and near the end of the stack V8 may abort
 * the whole process (it cannot compile a regular expression there) instead of throwing; so catching is not enough.
 * The lexer does not recurse and knows what is text and what is structure. Two levels a column of indentation are the most
 * that block style allows (a list item at the indentation of its key), one level an indicator, one a bracket.
 */
import { Lexer } from 'yaml';

const scalarMark = '\x1f';
/** The lexer does recurse over indicators in a row. */
const indicatorRun = /(?:[-?:][ \t]+){100}/;

/** Tells whether `text` certainly nests no deeper than `depthMax`. */
export function fitsYamlDepth(text: string, depthMax: number): boolean {
  if (indicatorRun.test(text)) return false;
  let brackets = 0;
  let columns = 0;
  let indicators = 0;
  let isLineStart = true;
  let isScalarNext = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (isScalarNext) {
      isScalarNext = false;
      isLineStart = false;
    } else if (lexeme === scalarMark) isScalarNext = true;
    else if (lexeme === '\n' || lexeme === '\r\n') {
      isLineStart = true;
      // Inside brackets, lines and columns mean nothing.
      if (brackets === 0) columns = indicators = 0;
    } else if (lexeme === '[' || lexeme === '{') brackets += 1;
    else if (lexeme === ']' || lexeme === '}') brackets = Math.max(0, brackets - 1);
    else if (brackets === 0) {
      if (isLineStart && /^[ \t]+$/.test(lexeme)) columns = lexeme.length;
      else if (lexeme === '-' || lexeme === '?' || lexeme === ':') indicators += 1;
      isLineStart = false;
    }
    if (brackets + 2 * columns + indicators > depthMax) return false;
  }
  return true;
}
