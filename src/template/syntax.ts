/**
 * A template of Go's text/template as a tree, and what may be wrong with one. Nothing here runs anything.
 * Models Go text/template/parse/node.go.
 */
import type { Json } from './values.ts';

/** A template cannot be read, or not be rendered. `line` counts from 1. */
export class TemplateError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'TemplateError';
    this.line = line;
  }
}

/** Part of a command: a value, or the name of a function. */
export type Operand =
  | { readonly type: 'dot' }
  | { readonly type: 'literal'; readonly value: Json }
  | { readonly type: 'function'; readonly name: string }
  /** `$x`, or with an empty name `$`: the data that the template was called with. */
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'fields'; readonly of: Operand; readonly names: readonly string[] }
  | { readonly type: 'pipeline'; readonly pipeline: Pipeline };

/** One function with its arguments, or one value. Never empty. */
export interface Command {
  readonly operands: readonly Operand[];
  readonly line: number;
}

/** Commands, each of which gets the result of the one before as its last argument. */
export interface Pipeline {
  readonly line: number;
  readonly commands: readonly Command[];
  /** Names of variables that take the result: two only in a `range`. */
  readonly variables: readonly string[];
  /** The variables exist already: `=`, not `:=`. */
  readonly isAssignment: boolean;
}

export interface Branch {
  readonly pipeline: Pipeline;
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[];
}

export type Node =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'action'; readonly pipeline: Pipeline }
  | ({ readonly type: 'if' | 'with' | 'range' } & Branch)
  | { readonly type: 'template'; readonly name: string; readonly pipeline: Pipeline | null; readonly line: number }
  | { readonly type: 'break' | 'continue' };

export interface TemplateTree {
  readonly body: readonly Node[];
  /** Bodies of `define` and `block`, by name. */
  readonly definitions: ReadonlyMap<string, readonly Node[]>;
}
