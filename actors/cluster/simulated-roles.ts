/** The roles that each kind of thread offers in simulation: the same behaviours as on threads, with simulated ports. */
import { type AnyRole, defineRole } from '../../src/actor/behaviour.ts';
import { openNoDocuments } from '../../src/actor/document-port.ts';
import type { ModulesEvent } from '../../src/actor/modules-port.ts';
import { unreachable } from '../../src/base/assert.ts';
import { openSimulatedCrypto } from '../../src/sim/simulated-crypto.ts';
import { openImportedModules } from '../../src/sim/simulated-modules.ts';
import type { Universe } from '../../src/sim/universe.ts';
import { apiServerBehaviour } from '../apiserver/behaviour.ts';
import { controllersBehaviour } from '../controllers/behaviour.ts';
import { controllerBehaviour } from '../controllers/controller-behaviour.ts';
import { kubeletBehaviour } from '../kubelet/behaviour.ts';
import { nodeRuntimeBehaviour } from '../kubelet/node-runtime.ts';
import { schedulerBehaviour } from '../scheduler/behaviour.ts';
import { storeBehaviour } from '../store/behaviour.ts';

/** `modules`: those with plugins of the user's, imported already. */
export function simulatedRoles(entry: string, universe: Universe, modules: ModulesEvent): readonly AnyRole[] {
  switch (entry) {
    case 'store':
      return [
        defineRole({
          name: 'store',
          behaviour: storeBehaviour,
          ports: { disk: (emit, self) => universe.disk(self.path).open(emit) },
        }),
      ];
    case 'api':
      return [
        defineRole({
          name: 'apiserver',
          behaviour: apiServerBehaviour,
          ports: { crypto: openSimulatedCrypto, documents: openNoDocuments },
        }),
      ];
    case 'control':
      return [
        defineRole({ name: 'controllers', behaviour: controllersBehaviour }),
        defineRole({ name: 'controller', behaviour: controllerBehaviour }),
        defineRole({
          name: 'scheduler',
          behaviour: schedulerBehaviour,
          ports: { modules: openImportedModules(modules) },
        }),
      ];
    case 'node':
      return [
        defineRole({ name: 'runtime', behaviour: nodeRuntimeBehaviour }),
        defineRole({ name: 'kubelet', behaviour: kubeletBehaviour }),
      ];
    case 'master':
      return [...simulatedRoles('store', universe, modules), ...simulatedRoles('api', universe, modules)];
    default:
      return unreachable(entry as never);
  }
}
