/** The API server role on a real thread. It needs no ports: all it reaches are other actors. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { apiServerBehaviour } from './behaviour.ts';

export const apiServerRole = defineRole({ name: 'apiserver', behaviour: apiServerBehaviour });
