/** Where a command writes. Results go to standard output, in the form that was asked for; everything else to standard error. */
import type { OutputFormat } from '../../../src/cli/command-line.ts';

export interface Terminal {
  print(line: string): void;
  warn(line: string): void;
}

export const processTerminal: Terminal = {
  print: (line) => process.stdout.write(`${line}\n`),
  warn: (line) => process.stderr.write(`${line}\n`),
};

/** Prints a result: `text` for people, `facts` as one JSON object for programs. */
export function printResult(terminal: Terminal, output: OutputFormat, text: string, facts: object): void {
  terminal.print(output === 'json' ? JSON.stringify(facts) : text);
}
