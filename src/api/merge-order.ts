/**
 * The order of a merged list. Items that the patch names stand in the patch's order, the others keep the server's; an
 * other item goes before a named one when the server had it there.
 *
 * Example: server [a b c d], patch order [d x b]: named d x b, others a c. a was before d: a; c was before d: c; then
 * d x b. Result [a c d x b]. Models apimachinery pkg/util/strategicpatch/patch.go normalizeElementOrder.
 */
import { fieldOf, isJsonObject, type Json } from './json.ts';

/** What makes an item the same item: a scalar with its type, or the value of its merge key. */
export type Identity = string;

/** Returns the identity of `item`; distinct scalars and keys have distinct identities. */
export function identityOf(item: Json, mergeKey: string | undefined): Identity {
  const key = mergeKey !== undefined && isJsonObject(item) ? (fieldOf(item, mergeKey) ?? null) : item;
  return typeof key === 'string' ? `s${key}` : JSON.stringify(key);
}

/** Returns `items` in order. `wanted` and `server` may name items that are not there. Linear in the sizes. */
export function orderMerged(
  items: readonly Json[],
  wanted: readonly Json[],
  server: readonly Json[],
  mergeKey: string | undefined,
): Json[] {
  const wantedRank = ranks(wanted, mergeKey);
  const serverRank = ranks(server, mergeKey);
  const ranked = items.map((item) => ({ item, identity: identityOf(item, mergeKey) }));
  const rank = (of: ReadonlyMap<Identity, number>, identity: Identity): number => of.get(identity) ?? of.size;
  const named = ranked
    .filter(({ identity }) => wantedRank.has(identity))
    .sort((left, right) => rank(wantedRank, left.identity) - rank(wantedRank, right.identity));
  const others = ranked
    .filter(({ identity }) => !wantedRank.has(identity))
    .sort((left, right) => rank(serverRank, left.identity) - rank(serverRank, right.identity));
  const result: Json[] = [];
  let next = 0;
  for (const { item, identity } of named) {
    const place = serverRank.get(identity) ?? -1;
    for (; next < others.length; next += 1) {
      const other = others[next] as (typeof others)[number];
      if ((serverRank.get(other.identity) ?? Number.POSITIVE_INFINITY) > place) break;
      result.push(other.item);
    }
    result.push(item);
  }
  for (; next < others.length; next += 1) result.push((others[next] as (typeof others)[number]).item);
  return result;
}

function ranks(items: readonly Json[], mergeKey: string | undefined): ReadonlyMap<Identity, number> {
  const found = new Map<Identity, number>();
  for (const item of items) {
    const identity = identityOf(item, mergeKey);
    if (!found.has(identity)) found.set(identity, found.size);
  }
  return found;
}
