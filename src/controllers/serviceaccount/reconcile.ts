/** Makes what a namespace lacks, and puts the certificate right where it differs. */
import { isBeingDeleted } from '../../api/object-meta.ts';
import type { ConfigMap } from '../../kinds/configmap/types.ts';
import type { Caches } from '../controller.ts';
import { create, type Plan, plan, update, type Write } from '../plan.ts';
import { configMapResource, serviceAccountResource } from '../resources.ts';
import type { ServiceAccountKinds } from './keys.ts';

export const rootCertificateName = 'kube-root-ca.crt';
const certificateKey = 'ca.crt';

export interface ServiceAccountObserved {
  readonly namespace: string;
  readonly hasAccount: boolean;
  readonly configMap: ConfigMap | null;
}

/** A namespace that is going gets nothing anew. */
export function observeNamespace(key: string, caches: Caches<ServiceAccountKinds>): ServiceAccountObserved | null {
  const namespace = caches.namespaces.get(key);
  if (namespace === undefined || isBeingDeleted(namespace)) return null;
  return {
    namespace: key,
    hasAccount: caches.serviceAccounts.get(`${key}/default`) !== undefined,
    configMap: caches.configMaps.get(`${key}/${rootCertificateName}`) ?? null,
  };
}

export function reconcileServiceAccount(observed: ServiceAccountObserved, rootCertificate: string): Plan {
  const { namespace, hasAccount, configMap } = observed;
  const writes: Write[] = [];
  if (!hasAccount) {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
    // 409: another made it meanwhile. 403 and 404: the namespace is going, or gone.
    writes.push(create(serviceAccountResource, account, [403, 404, 409]));
  }
  const data = { [certificateKey]: rootCertificate };
  if (configMap === null) {
    const metadata = { name: rootCertificateName, namespace };
    const made: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    writes.push(create(configMapResource, made, [403, 404, 409]));
  } else if (configMap.data?.[certificateKey] !== rootCertificate) {
    writes.push(update(configMapResource, { ...configMap, data } as ConfigMap));
  }
  return plan([writes]);
}
