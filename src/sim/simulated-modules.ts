/** The Modules port of simulation: modules that were imported before the universe began, so that nothing in it waits for a real loader. */
import type { ModulesArgs, ModulesEvent } from '../actor/modules-port.ts';
import type { OpenPort } from '../actor/ports.ts';

export function openImportedModules(imported: ModulesEvent): OpenPort {
  return (emit, _self, args) => {
    const { modules = [] } = (args ?? {}) as ModulesArgs;
    if (modules.length > 0) emit(imported);
    return { handle: () => {}, close: () => {} };
  };
}
