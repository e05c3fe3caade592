/**
 * Counts what quotas limit. Whoever creates charges the quota first (src/apiserver/admission/quota.ts); the controller sets what is used to what is
 * there: up at once, down only when nobody has charged for a while, since what was charged may be about to be made.
 * Models kubernetes pkg/controller/resourcequota.
 */
import { formatGroupResource, type GroupResource } from '../../api/group-version.ts';
import { byNamespace } from '../../api/object-index.ts';
import { type KubeObject, namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { CustomResourceDefinition } from '../../kinds/customresourcedefinition/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { builtInRegistry } from '../../kinds/registry.ts';
import type { ResourceQuota } from '../../kinds/resourcequota/types.ts';
import type { Service } from '../../kinds/service/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf, type Watched } from '../controller.ts';
import { keepMeasured } from '../measured-pod.ts';
import { persistentVolumeClaimResource, podResource, resourceQuotaResource, serviceResource } from '../resources.ts';
import { bareResource, customResources, definitionWatch } from '../served-resources.ts';
import { observeQuota, QuotaMemory, type QuotaObserved, reconcileQuota } from './reconcile.ts';

export interface QuotaKinds {
  readonly quotas: ResourceQuota;
  readonly pods: Pod;
  readonly services: Service;
  readonly claims: PersistentVolumeClaim;
  readonly definitions: CustomResourceDefinition;
}

/** What is always watched, by the name of its cache. */
export const fixedCaches: Readonly<Record<string, GroupResource>> = {
  quotas: resourceQuotaResource,
  pods: podResource,
  services: serviceResource,
  claims: persistentVolumeClaimResource,
};

const indexes = { namespace: byNamespace };

export function resourceQuotaController(): Controller<QuotaKinds, QuotaObserved, QuotaMemory> {
  const registry = builtInRegistry();
  return {
    name: 'resourcequota-controller',
    watches: {
      quotas: { resource: resourceQuotaResource, output: 'object', indexes },
      pods: { resource: podResource, output: 'object', indexes, keep: keepMeasured },
      services: { resource: serviceResource, output: 'object', indexes },
      claims: { resource: persistentVolumeClaimResource, output: 'object', indexes },
      definitions: definitionWatch({}),
    },
    dynamic: {
      by: 'quotas',
      watches: (caches) => {
        const found: Record<string, Watched> = {};
        const customs = customResources(caches['definitions']);
        for (const { group, resource } of countedResources(caches['quotas']?.values() ?? [])) {
          const info =
            registry.preferredResource({ group, resource }) ??
            customs.find((each) => each.group === group && each.resource === resource);
          if (info === undefined) continue;
          found[formatGroupResource(info)] = { resource: bareResource(info), output: 'metadata', indexes };
        }
        return found;
      },
    },
    remember: () => new QuotaMemory(),
    keys: quotaKeys,
    observe: observeQuota,
    reconcile: reconcileQuota,
  };
}

/** A quota that changed, and all quotas of a namespace in which something did. */
function quotaKeys(change: CacheChange<QuotaKinds>, { quotas }: Caches<QuotaKinds>): readonly string[] {
  const [object] = sidesOf(change);
  if (object === undefined || (change.cache as string) === 'definitions') return [];
  const own = change.cache === 'quotas' && change.object !== null ? [objectKey(change.object)] : [];
  return [...new Set([...own, ...quotas.by('namespace', namespaceOf(object)).map(objectKey)])];
}

const countPrefix = 'count/';
/** Counted by their bare names too. */
const bareCounts: ReadonlySet<string> = new Set(['secrets', 'configmaps', 'replicationcontrollers']);
const isFixed = ({ group, resource }: GroupResource): boolean =>
  Object.values(fixedCaches).some((each) => each.group === group && each.resource === resource);

/** The resources whose objects a quota counts, but for those that are watched anyway. */
export function countedResources(quotas: Iterable<KubeObject>): readonly GroupResource[] {
  const found = new Map<string, GroupResource>();
  for (const quota of quotas) {
    for (const name of Object.keys((quota as ResourceQuota).spec?.hard ?? {})) {
      const text = name.startsWith(countPrefix) ? name.slice(countPrefix.length) : bareCounts.has(name) ? name : '';
      if (text === '') continue;
      const [resource = '', ...group] = text.split('.');
      const named = { group: group.join('.'), resource };
      if (!isFixed(named)) found.set(text, named);
    }
  }
  return [...found.values()];
}
