/** The balancer role on a real thread: its relay is a TCP server. */
import type { Role } from '../../src/actor/behaviour.ts';
import { openTcpRelay } from '../io/tcp-relay.ts';
import { balancerBehaviour } from './behaviour.ts';

export const balancerRole = {
  name: 'balancer',
  behaviour: balancerBehaviour,
  ports: { tcp: openTcpRelay },
} as unknown as Role;
