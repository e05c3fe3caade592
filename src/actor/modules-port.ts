/**
 * The Modules port: code of the user's, imported on the thread of an actor whose arguments name it. The one port whose event holds functions: it never
 * leaves the thread. An actor with such code behaves as the code does; what is to be repeatable must not ask for time or chance.
 */

/** What an actor that has this port is started with, among other things. */
export interface ModulesArgs {
  /** URLs of ES modules. */
  readonly modules?: readonly string[];
}

/** Comes once, soon after the start, if there is any module to import. */
export type ModulesEvent =
  | {
      readonly type: 'imported';
      readonly modules: readonly { readonly url: string; readonly exports: Readonly<Record<string, unknown>> }[];
    }
  | { readonly type: 'failed'; readonly url: string; readonly message: string };
