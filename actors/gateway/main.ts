/** The gateway role on a real thread: its listener is an HTTPS server. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { openHttpsListener } from '../io/https-listener.ts';
import { gatewayBehaviour } from './behaviour.ts';

export const gatewayRole = defineRole({
  name: 'gateway',
  behaviour: gatewayBehaviour,
  ports: { http: openHttpsListener },
});
