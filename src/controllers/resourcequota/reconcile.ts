/** Sets the status of a quota to what there is. */
import { formatGroupResource, type GroupResource } from '../../api/group-version.ts';
import { equalSemantic } from '../../api/json.ts';
import { type AnyObject, namespaceOf, uidOf } from '../../api/object-meta.ts';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import type { ResourceQuota } from '../../kinds/resourcequota/types.ts';
import { addUsage, amountsOf, chargeOf } from '../../kinds/resourcequota/usage.ts';
import type { Cache, Caches, ReconcileContext } from '../controller.ts';
import { quotaSettleMs } from '../limits.ts';
import { nothingToDo, type Plan, plan, update } from '../plan.ts';
import { resourceQuotaResource } from '../resources.ts';
import { countedResources, fixedCaches, type QuotaKinds } from './keys.ts';

export interface QuotaObserved {
  readonly quota: ResourceQuota;
  /** Objects of its namespace, by resource; null for a resource whose cache is not there. */
  readonly objects: readonly (readonly [GroupResource, readonly AnyObject[] | null])[];
}

/** Since when each quota is the version that it is. */
export class QuotaMemory {
  readonly #versions = new Map<string, { readonly version: string; readonly sinceMs: MonotonicMs }>();

  /** How long the quota has been as it is. */
  unchangedMs(quota: ResourceQuota, nowMs: MonotonicMs): number {
    const version = quota.metadata.resourceVersion ?? '';
    const known = this.#versions.get(uidOf(quota));
    if (known?.version === version) return nowMs - known.sinceMs;
    this.#versions.set(uidOf(quota), { version, sinceMs: nowMs });
    return 0;
  }
}

export function observeQuota(key: string, caches: Caches<QuotaKinds>): QuotaObserved | null {
  const quota = caches.quotas.get(key);
  if (quota === undefined) return null;
  const named = caches as unknown as Readonly<Record<string, Cache | undefined>>;
  const inNamespace = (cache: Cache | undefined): readonly AnyObject[] | null =>
    cache === undefined ? null : (cache.by('namespace', namespaceOf(quota)) as readonly AnyObject[]);
  const fixed = Object.entries(fixedCaches).map(([name, resource]) => [resource, inNamespace(named[name])] as const);
  const counted = countedResources([quota]).map(
    (resource) => [resource, inNamespace(named[formatGroupResource(resource)])] as const,
  );
  return { quota, objects: [...fixed, ...counted] };
}

export function reconcileQuota({ quota, objects }: QuotaObserved, context: ReconcileContext<QuotaMemory>): Plan {
  const unchangedMs = context.memory.unchangedMs(quota, context.monotonicMs);
  const counted = new Map<string, Quantity>();
  for (const name of Object.keys(quota.spec?.hard ?? {})) counted.set(name, { nanos: 0n, format: 'decimal' });
  for (const [resource, all] of objects) {
    for (const object of all ?? []) addUsage(counted, chargeOf(quota, resource, object, context.wallMs));
  }
  const before = amountsOf(quota.status?.used);
  const isRecent = unchangedMs < quotaSettleMs;
  const used: Record<string, string> = {};
  let isWaiting = false;
  for (const [name, amount] of counted) {
    const present = before.get(name);
    const isLower = present !== undefined && compareQuantities(amount, present) < 0;
    isWaiting ||= isLower && isRecent;
    used[name] = formatQuantity(isLower && isRecent ? present : amount);
  }
  const hard = Object.fromEntries(
    Object.entries(quota.spec?.hard ?? {}).map(([name, text]) => [name, formatQuantity(parseQuantity(text) ?? zero)]),
  );
  const rest = isWaiting ? { requeueAfterMs: quotaSettleMs - unchangedMs + 1 } : {};
  if (equalSemantic(quota.status, { hard, used })) return isWaiting ? plan([], rest) : nothingToDo;
  return plan([[update(resourceQuotaResource, { ...quota, status: { hard, used } } as ResourceQuota, 'status')]], rest);
}

const zero: Quantity = { nanos: 0n, format: 'decimal' };
