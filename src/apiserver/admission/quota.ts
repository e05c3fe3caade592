/**
 * Charges a new object to the quotas of its namespace before it is made: each quota's status is changed by compare-and-swap, so two API servers
 * cannot both give away what is left. What was charged for an object that then was not made is given back by the quota controller.
 * Models apiserver pkg/admission/plugin/resourcequota/controller.go.
 */
import type { Flow } from '../../actor/flow.ts';
import { type AnyObject, nameOf, namespaceOf } from '../../api/object-meta.ts';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  type Quantity,
  subtractQuantities,
} from '../../api/quantity.ts';
import { forbidden } from '../../api/status-errors.ts';
import type { WallMs } from '../../base/brand.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ResourceQuota } from '../../kinds/resourcequota/types.ts';
import { type Amounts, amountsOf, chargeOf, listOf, unnamedBy } from '../../kinds/resourcequota/usage.ts';
import type { CacheEntry } from '../cache-entry.ts';
import type { ServedResource } from '../catalog.ts';
import { changeIfPresent, type Decision } from '../change.ts';
import type { Environment } from '../environment.ts';

const quotaResource = { group: '', version: 'v1', resource: 'resourcequotas' };

/**
 * Charges the whole of a new object, and what an object has more than its `old` version. What it has less is given back by the quota controller.
 * Throws StatusError Forbidden when a quota has not enough left, or cannot tell.
 */
export function* chargeQuotas(
  environment: Environment,
  { stored }: ServedResource,
  object: AnyObject,
  isDryRun: boolean,
  old: AnyObject | null = null,
): Flow<void> {
  const namespace = namespaceOf(object);
  if (namespace === '') return;
  const served = environment.catalog.mustServe(quotaResource);
  const quotas = environment.cache
    .entriesOf(served.stored, namespace)
    .filter((entry) => concerns(environment, entry, stored.info, object, old));
  // All are asked before any is charged, so that a refusal seldom leaves a charge behind.
  for (const entry of quotas) decideCharge(environment, entry, stored.info, object, old);
  for (const { name } of quotas) {
    const target = { served, namespace, name, fence: null, isDryRun };
    yield* changeIfPresent(environment, target, (current) =>
      decideCharge(environment, current, stored.info, object, old),
    );
  }
}

type Named = ServedResource['info'];

function concerns(
  { stamp }: Environment,
  entry: CacheEntry,
  info: Named,
  object: AnyObject,
  old: AnyObject | null,
): boolean {
  const quota = entry.object as unknown as ResourceQuota;
  if (old === null && unnamedIn(quota, info, object) !== '') return true;
  return addedCharge(quota, info, object, old, stamp.wallMs).size > 0;
}

function addedCharge(
  quota: ResourceQuota,
  info: Named,
  object: AnyObject,
  old: AnyObject | null,
  nowMs: WallMs,
): Amounts {
  const charge = chargeOf(quota, info, object, nowMs);
  if (old === null) return charge;
  const before = chargeOf(quota, info, old, nowMs);
  return new Map(
    [...charge].flatMap(([name, amount]) => {
      const former = before.get(name);
      const added = former === undefined ? amount : subtractQuantities(amount, former);
      return added.nanos > 0n ? [[name, added] as const] : [];
    }),
  );
}

function unnamedIn(quota: ResourceQuota, { group, resource }: Named, object: AnyObject): string {
  return group === '' && resource === 'pods' ? unnamedBy(quota, object as unknown as Pod) : '';
}

function decideCharge(
  environment: Environment,
  current: CacheEntry,
  info: Named,
  object: AnyObject,
  old: AnyObject | null,
): Decision {
  const quota = current.object as unknown as ResourceQuota;
  const charge = addedCharge(quota, info, object, old, environment.stamp.wallMs);
  const refuse = (cause: string): Error => forbidden(info, nameOf(object), cause);
  const name = nameOf(quota);
  const unnamed = old === null ? unnamedIn(quota, info, object) : '';
  if (unnamed !== '') throw refuse(`failed quota: ${name}: must specify ${unnamed}`);
  if (charge.size === 0) return { type: 'keep' };
  const used = amountsOf(quota.status?.used);
  const hard = amountsOf(quota.status?.hard);
  const unknown = [...charge.keys()].filter((each) => !used.has(each) || !hard.has(each)).sort();
  if (unknown.length > 0) throw refuse(`status unknown for quota: ${name}, resources: ${unknown.join(',')}`);
  const next = new Map(used);
  const exceeded: string[] = [];
  for (const [resource, amount] of charge) {
    const sum = addQuantities(used.get(resource) as Quantity, amount);
    next.set(resource, sum);
    if (amount.nanos > 0n && compareQuantities(sum, hard.get(resource) as Quantity) > 0) exceeded.push(resource);
  }
  if (exceeded.length > 0) {
    const [requested, before, limit] = [charge, used, hard].map((amounts) => textOf(amounts, exceeded));
    throw refuse(`exceeded quota: ${name}, requested: ${requested}, used: ${before}, limited: ${limit}`);
  }
  return {
    type: 'write',
    object: { ...quota, status: { ...quota.status, used: listOf(next) } } as unknown as AnyObject,
  };
}

function textOf(amounts: Amounts, names: readonly string[]): string {
  return [...names]
    .sort()
    .map((name) => `${name}=${formatQuantity(amounts.get(name) as Quantity)}`)
    .join(',');
}
