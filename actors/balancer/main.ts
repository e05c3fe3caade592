/** The balancer role on a real thread: its relay is a TCP server. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { openTcpRelay } from '../io/tcp-relay.ts';
import { balancerBehaviour } from './behaviour.ts';

export const balancerRole = defineRole({
  name: 'balancer',
  behaviour: balancerBehaviour,
  ports: { tcp: openTcpRelay },
});
