/** The API server role on a real thread. What it reaches are other actors, the key that signs tokens, and texts of the package. */
import { defineRole } from '../../src/actor/behaviour.ts';
import { openPackageDocuments } from '../io/package-documents.ts';
import { openTokenCrypto } from '../io/token-crypto.ts';
import { apiServerBehaviour } from './behaviour.ts';

export const apiServerRole = defineRole({
  name: 'apiserver',
  behaviour: apiServerBehaviour,
  ports: { crypto: openTokenCrypto, documents: openPackageDocuments },
});
