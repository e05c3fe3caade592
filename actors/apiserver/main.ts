/** The API server role on a real thread. What it reaches are other actors, and the key that signs tokens. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { openTokenCrypto } from '../io/token-crypto.ts';
import { apiServerBehaviour } from './behaviour.ts';

export const apiServerRole = defineRole({
  name: 'apiserver',
  behaviour: apiServerBehaviour,
  ports: { crypto: openTokenCrypto },
});
