/** The gateway role on a real thread: its listener is an HTTPS server. */
import type { Role } from '../../src/actor/behaviour.ts';
import { openHttpsListener } from '../io/https-listener.ts';
import { gatewayBehaviour } from './behaviour.ts';

export const gatewayRole = {
  name: 'gateway',
  behaviour: gatewayBehaviour,
  ports: { http: openHttpsListener },
} as unknown as Role;
