/** The two roles of a node. They need no ports: the simulated runtime has no outside, and all else are other actors. */
import type { Role } from '../../src/actor/behaviour.ts';
import { kubeletBehaviour } from './behaviour.ts';
import { simulatedRuntimeBehaviour } from './runtime-behaviour.ts';

export const kubeletRole = { name: 'kubelet', behaviour: kubeletBehaviour } as unknown as Role;
export const simulatedRuntimeRole = { name: 'runtime', behaviour: simulatedRuntimeBehaviour } as unknown as Role;
