/** The registry role on a real thread: its port is an HTTP server and a folder. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { openBlobServer } from '../io/blob-server.ts';
import { registryBehaviour } from './behaviour.ts';

export const registryRole = defineRole({
  name: 'registry',
  behaviour: registryBehaviour,
  ports: { blobs: openBlobServer },
});
