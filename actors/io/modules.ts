/** The Modules port on Node's module loader. */
import type { Address } from '../../src/actor/address.ts';
import type { ModulesArgs, ModulesEvent } from '../../src/actor/modules-port.ts';
import type { Port } from '../../src/actor/ports.ts';

/** What worker-entry.ts gives to bundles, which are scripts compiled ahead: Node imports on behalf of modules alone. */
declare const importModule: ((url: string) => Promise<unknown>) | undefined;

/** Opens the port and imports at once; `args` must be ModulesArgs. */
export function openModules(emit: (event: unknown) => void, _self: Address, args: unknown): Port {
  const { modules = [] } = (args ?? {}) as ModulesArgs;
  if (modules.length > 0) void importModules(modules).then(emit);
  return { handle: () => {}, close: () => {} };
}

/** Imports modules in order; never rejects. */
export async function importModules(urls: readonly string[]): Promise<ModulesEvent> {
  const modules = [];
  for (const url of urls) {
    try {
      modules.push({ url, exports: (await load(url)) as Record<string, unknown> });
    } catch (cause) {
      return { type: 'failed', url, message: cause instanceof Error ? cause.message : String(cause) };
    }
  }
  return { type: 'imported', modules };
}

function load(url: string): Promise<unknown> {
  return typeof importModule === 'function' ? importModule(url) : import(/* @vite-ignore */ url);
}
