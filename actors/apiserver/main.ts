/** The API server role on a real thread. It needs no ports: all it reaches are other actors. */
import type { Role } from '../../src/actor/behaviour.ts';
import { apiServerBehaviour } from './behaviour.ts';

export const apiServerRole = { name: 'apiserver', behaviour: apiServerBehaviour } as unknown as Role;
