/**
 * Each namespace has a service account named default and a config map with the certificate of the cluster's authority; whoever deletes them
 * gets them back. Keys are namespaces. Models kubernetes pkg/controller/serviceaccount/serviceaccounts_controller.go and
 * pkg/controller/certificates/rootcacertpublisher.
 */
import { namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { ConfigMap } from '../../kinds/configmap/types.ts';
import type { Namespace } from '../../kinds/namespace/types.ts';
import type { ServiceAccount } from '../../kinds/serviceaccount/types.ts';
import { type CacheChange, type Controller, sidesOf } from '../controller.ts';
import { configMapResource, namespaceResource, serviceAccountResource } from '../resources.ts';
import {
  observeNamespace,
  reconcileServiceAccount,
  rootCertificateName,
  type ServiceAccountObserved,
} from './reconcile.ts';

export interface ServiceAccountKinds {
  readonly namespaces: Namespace;
  readonly serviceAccounts: ServiceAccount;
  readonly configMaps: ConfigMap;
}

/** `rootCertificate`: the authority's certificate as PEM. */
export function serviceAccountController(
  rootCertificate: string,
): Controller<ServiceAccountKinds, ServiceAccountObserved> {
  return {
    name: 'serviceaccount-controller',
    watches: {
      namespaces: { resource: namespaceResource, output: 'object', indexes: {} },
      serviceAccounts: {
        resource: serviceAccountResource,
        output: 'metadata',
        indexes: {},
        fieldSelector: 'metadata.name=default',
      },
      configMaps: {
        resource: configMapResource,
        output: 'object',
        indexes: {},
        fieldSelector: `metadata.name=${rootCertificateName}`,
      },
    },
    remember: () => null,
    keys: namespaceKeys,
    observe: observeNamespace,
    reconcile: (observed) => reconcileServiceAccount(observed, rootCertificate),
  };
}

function namespaceKeys(change: CacheChange<ServiceAccountKinds>): readonly string[] {
  return sidesOf(change)
    .slice(0, 1)
    .map((object) => (change.cache === 'namespaces' ? objectKey(object) : namespaceOf(object)));
}
