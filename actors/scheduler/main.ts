/** The scheduler role. It needs no ports: all it reaches are other actors. */
import type { Role } from '../../src/actor/behaviour.ts';
import { schedulerBehaviour } from './behaviour.ts';

export const schedulerRole = { name: 'scheduler', behaviour: schedulerBehaviour } as unknown as Role;
