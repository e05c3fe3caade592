/**
 * Lays a configuration over an object: what it lists wins, what it does not list stays. Items of lists that have names are merged with their
 * namesakes. Models structured-merge-diff typed/merge.go.
 */
import { fieldOf, isJsonObject, type Json, type JsonObject, setField } from '../json.ts';
import { itemElement } from './path-element.ts';
import { fieldShape, isAtomic, type ListShape, type MapShape, resolveShape, type TypeShape } from './type-shape.ts';

/** Returns the merged value, which may share branches with both. */
export function mergeConfiguration(shape: TypeShape, live: Json, configuration: Json): Json {
  const resolved = resolveShape(shape, configuration);
  if (isAtomic(resolved)) return configuration;
  if (resolved.type === 'list') {
    return Array.isArray(live) && Array.isArray(configuration)
      ? mergeLists(resolved, live, configuration)
      : configuration;
  }
  if (resolved.type === 'map' && isJsonObject(live) && isJsonObject(configuration)) {
    return mergeMaps(resolved, live, configuration);
  }
  return configuration;
}

function mergeMaps(shape: MapShape, live: JsonObject, configuration: JsonObject): JsonObject {
  const merged: JsonObject = { ...live };
  for (const name of Object.keys(configuration)) {
    const own = fieldOf(live, name);
    const other = configuration[name] as Json;
    setField(merged, name, own === undefined ? other : mergeConfiguration(fieldShape(shape, name), own, other));
  }
  return merged;
}

/**
 * Items of both lists keep the order of the configuration; the live list's own stay where they are among them. An item that is new stands behind
 * the live items before the next one that both have.
 *
 * Example: live [a b c d], configuration [d x b]: a and c stay in front of d, b follows x. Result [a c d x b].
 */
function mergeLists(shape: ListShape, live: readonly Json[], configuration: readonly Json[]): Json[] {
  const wanted = configuration.map((item) => ({ item, element: itemElement(shape, item) }));
  const present = live.map((item) => ({ item, element: itemElement(shape, item) }));
  const byElement = new Map(present.toReversed().map(({ element, item }) => [element, item]));
  const wantedElements = new Set(wanted.map(({ element }) => element));
  const merged: Json[] = [];
  let next = 0;
  const passOwn = (end: string | undefined): void => {
    for (; next < present.length; next += 1) {
      const { element, item } = present[next] as (typeof present)[number];
      if (element === end) return;
      if (!wantedElements.has(element)) merged.push(item);
    }
  };
  const shared = wanted.filter(({ element }) => byElement.has(element)).map(({ element }) => element);
  let passed = 0;
  passOwn(shared[0]);
  for (const { item, element } of wanted) {
    const own = byElement.get(element);
    merged.push(own === undefined ? item : mergeConfiguration(shape.item, own, item));
    if (own === undefined) continue;
    passed += 1;
    passOwn(shared[passed]);
  }
  return merged;
}
