/** The two roles of a node. The kubelet needs no ports; the runtime runs real programs through one. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { openPrograms } from '../io/programs/programs.ts';
import { kubeletBehaviour } from './behaviour.ts';
import { nodeRuntimeBehaviour } from './node-runtime.ts';
import { simulatedRuntimeBehaviour } from './runtime-behaviour.ts';

export const kubeletRole = defineRole({ name: 'kubelet', behaviour: kubeletBehaviour });
export const simulatedRuntimeRole = defineRole({ name: 'runtime', behaviour: simulatedRuntimeBehaviour });
export const nodeRuntimeRole = defineRole({
  name: 'runtime',
  behaviour: nodeRuntimeBehaviour,
  ports: { programs: openPrograms },
});
