/** The line discipline of a terminal: what is typed is shown, can be corrected until the line ends, and two keys have a meaning of their own. */
import { utf8Text } from '../base/bytes.ts';

export interface Typed {
  /** What the terminal shows of it. */
  readonly echo: string;
  /** Whole lines, for the program. */
  readonly input: string;
  readonly isInterrupted: boolean;
  readonly isEnded: boolean;
}

const interrupt = '\x03';
const endOfInput = '\x04';
const deletes = new Set(['\x7f', '\b']);
const lineCharactersMax = 4096;

export class TerminalLine {
  #line = '';

  /** Takes keys. The end-of-input key counts on an empty line only. */
  type(bytes: Uint8Array): Typed {
    let echo = '';
    let input = '';
    let isInterrupted = false;
    let isEnded = false;
    for (const key of utf8Text(bytes)) {
      if (key === '\r' || key === '\n') {
        echo += '\r\n';
        input += `${this.#line}\n`;
        this.#line = '';
      } else if (key === interrupt) {
        echo += '^C\r\n';
        input = '';
        this.#line = '';
        isInterrupted = true;
      } else if (key === endOfInput) isEnded ||= this.#line === '';
      else if (deletes.has(key)) {
        if (this.#line !== '') echo += '\b \b';
        this.#line = this.#line.slice(0, -1);
      } else if (this.#line.length < lineCharactersMax) {
        echo += key;
        this.#line += key;
      }
    }
    return { echo, input, isInterrupted, isEnded };
  }
}
