/** The Modules port on Node's module loader. */
import type { Address } from '../../src/actor/address.ts';
import type { ModulesArgs, ModulesEvent } from '../../src/actor/modules-port.ts';
import type { Port } from '../../src/actor/ports.ts';
import { loadModule } from './load-module.ts';

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
      modules.push({ url, exports: (await loadModule(url)) as Record<string, unknown> });
    } catch (cause) {
      return { type: 'failed', url, message: cause instanceof Error ? cause.message : String(cause) };
    }
  }
  return { type: 'imported', modules };
}
