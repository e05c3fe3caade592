/**
 * Nothing is created in a namespace that is missing or going away, and the namespaces that the cluster lives in stay.
 * Models apiserver pkg/admission/plugin/namespace/lifecycle.
 */
import type { Flow } from '../../actor/flow.ts';
import { StatusError } from '../../api/status.ts';
import { forbidden, notFound } from '../../api/status-errors.ts';
import type { ServedResource } from '../catalog.ts';
import type { Environment } from '../environment.ts';
import { readThrough } from './read-through.ts';

const namespaceName = { group: '', version: 'v1', resource: 'namespaces' };
const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Throws StatusError NotFound or Forbidden unless content may be created in `namespace`. */
export function* admitContent(
  environment: Environment,
  served: ServedResource,
  namespace: string,
  name: string,
): Flow<void> {
  if (!served.info.isNamespaced) return;
  const found = yield* readThrough(environment, namespaceName, '', namespace);
  if (found === undefined) throw notFound(namespaceName, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const { status } = forbidden(
    served.info,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  throw new StatusError(403, 'Forbidden', status.message ?? '', { ...status.details, causes: [cause] });
}

/** Throws StatusError Forbidden for a namespace that may not be deleted. */
export function admitNamespaceDeletion(served: ServedResource, name: string): void {
  if (served.info.group !== '' || served.info.resource !== 'namespaces' || !immortal.has(name)) return;
  throw forbidden(namespaceName, name, 'this namespace may not be deleted');
}
