/** The roles that each kind of thread offers in simulation: the same behaviours as on threads, with simulated ports. */
import type { AnyRole, Role } from '../../src/actor/behaviour.ts';
import type { OpenPort } from '../../src/actor/ports.ts';
import { unreachable } from '../../src/base/assert.ts';
import type { Universe } from '../../src/sim/universe.ts';
import { apiServerBehaviour } from '../apiserver/behaviour.ts';
import { controllersBehaviour } from '../controllers/behaviour.ts';
import { controllerBehaviour } from '../controllers/controller-behaviour.ts';
import { kubeletBehaviour } from '../kubelet/behaviour.ts';
import { simulatedRuntimeBehaviour } from '../kubelet/runtime-behaviour.ts';
import { schedulerBehaviour } from '../scheduler/behaviour.ts';
import { storeBehaviour } from '../store/behaviour.ts';

export function simulatedRoles(entry: string, universe: Universe): readonly AnyRole[] {
  switch (entry) {
    case 'store':
      return [
        {
          name: 'store',
          behaviour: storeBehaviour,
          ports: { disk: ((emit, self) => universe.disk(self.path).open(emit)) satisfies OpenPort },
        } as unknown as Role,
      ];
    case 'api':
      return [{ name: 'apiserver', behaviour: apiServerBehaviour } as unknown as Role];
    case 'control':
      return [
        { name: 'controllers', behaviour: controllersBehaviour } as unknown as Role,
        { name: 'controller', behaviour: controllerBehaviour } as unknown as Role,
        { name: 'scheduler', behaviour: schedulerBehaviour } as unknown as Role,
      ];
    case 'node':
      return [
        { name: 'runtime', behaviour: simulatedRuntimeBehaviour } as unknown as Role,
        { name: 'kubelet', behaviour: kubeletBehaviour } as unknown as Role,
      ];
    default:
      return unreachable(entry as never);
  }
}
