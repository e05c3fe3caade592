/** The scheduler role. It needs no ports: all it reaches are other actors. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { schedulerBehaviour } from './behaviour.ts';

export const schedulerRole = defineRole({ name: 'scheduler', behaviour: schedulerBehaviour });
