/** The two roles of a node. They need no ports: the simulated runtime has no outside, and all else are other actors. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { kubeletBehaviour } from './behaviour.ts';
import { simulatedRuntimeBehaviour } from './runtime-behaviour.ts';

export const kubeletRole = defineRole({ name: 'kubelet', behaviour: kubeletBehaviour });
export const simulatedRuntimeRole = defineRole({ name: 'runtime', behaviour: simulatedRuntimeBehaviour });
