/** Imports of modules that are known, or wanted, only at run time. */

/** What worker-entry.ts gives to bundles, which are scripts compiled ahead: Node imports on behalf of modules alone. */
declare const importModule: ((specifier: string) => Promise<unknown>) | undefined;

/** Imports the module that `specifier` names: a URL or a package. Rejects with what it throws, or when there is none. */
export function loadModule(specifier: string): Promise<unknown> {
  return typeof importModule === 'function' ? importModule(specifier) : import(/* @vite-ignore */ specifier);
}
