/** What a shell script is, once it has been read: the part of the POSIX shell command language that Threemaster's own shell knows. */

export type WordPart =
  | { readonly type: 'text'; readonly text: string; readonly isQuoted: boolean }
  /** `$NAME`, `${NAME:-word}`; `operator` is empty for the plain form. */
  | {
      readonly type: 'variable';
      readonly name: string;
      readonly operator: string;
      readonly word: Word;
      readonly isQuoted: boolean;
    }
  | { readonly type: 'command'; readonly script: Script; readonly isQuoted: boolean }
  | { readonly type: 'arithmetic'; readonly expression: Word; readonly isQuoted: boolean };

export type Word = readonly WordPart[];

export interface Redirect {
  readonly descriptor: number;
  readonly operator: '<' | '>' | '>>' | '>&' | '<<';
  /** The file, the descriptor, or, of `<<`, the text itself. */
  readonly target: Word;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export type Command =
  | {
      readonly type: 'simple';
      readonly assignments: readonly Assignment[];
      readonly words: readonly Word[];
      readonly redirects: readonly Redirect[];
    }
  | {
      readonly type: 'group';
      readonly body: Script;
      readonly redirects: readonly Redirect[];
      readonly isSubshell: boolean;
    }
  | {
      readonly type: 'if';
      readonly branches: readonly { readonly condition: Script; readonly body: Script }[];
      readonly otherwise: Script | null;
      readonly redirects: readonly Redirect[];
    }
  | {
      readonly type: 'while';
      readonly isUntil: boolean;
      readonly condition: Script;
      readonly body: Script;
      readonly redirects: readonly Redirect[];
    }
  | {
      readonly type: 'for';
      readonly name: string;
      /** Null: the arguments. */
      readonly words: readonly Word[] | null;
      readonly body: Script;
      readonly redirects: readonly Redirect[];
    }
  | {
      readonly type: 'case';
      readonly word: Word;
      readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: Script }[];
      readonly redirects: readonly Redirect[];
    }
  | { readonly type: 'function'; readonly name: string; readonly body: Command };

export interface Pipeline {
  readonly isNegated: boolean;
  readonly commands: readonly Command[];
}

/** Pipelines joined by `&&` and `||`; `operator` is what stands before. */
export interface Item {
  readonly pipelines: readonly { readonly operator: '&&' | '||' | ''; readonly pipeline: Pipeline }[];
  readonly isBackground: boolean;
}

export type Script = readonly Item[];

/** A script that cannot be read. The message is as shells put it. */
export class ShellSyntaxError extends Error {
  constructor(message: string) {
    super(`syntax error: ${message}`);
    this.name = 'ShellSyntaxError';
  }
}
