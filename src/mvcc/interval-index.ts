/**
 * Finds the ranges that hold a key, without looking at the others: a treap over distinct ranges, ordered by (start, end), where
 * each node knows the greatest end below it. A query costs O(log ranges + matches). Items with the same range share one node,
 * because most watchers watch the same few prefixes. Priorities are hashes of the range, so the shape does not depend on chance.
 */
import { assert } from '../base/assert.ts';
import { fnv1a } from '../base/hash.ts';
import type { KeyRange } from './key-range.ts';

interface Node<Item> {
  readonly range: KeyRange;
  readonly priority: number;
  readonly items: Set<Item>;
  endMax: string | null;
  left: Node<Item> | null;
  right: Node<Item> | null;
}

export class IntervalIndex<Item> {
  #root: Node<Item> | null = null;

  add(range: KeyRange, item: Item): void {
    this.#root = insert(this.#root, range, item);
  }

  /** Removes an item that was added under the same range. */
  remove(range: KeyRange, item: Item): void {
    this.#root = remove(this.#root, range, item);
  }

  /** Visits every item whose range holds `key`, by ascending (start, end). */
  forEachAt(key: string, visit: (item: Item) => void): void {
    stab(this.#root, key, visit);
  }
}

function stab<Item>(node: Node<Item> | null, key: string, visit: (item: Item) => void): void {
  if (node === null || (node.endMax !== null && node.endMax <= key)) return;
  stab(node.left, key, visit);
  if (node.range.start > key) return;
  if (node.range.end === null || node.range.end > key) for (const item of node.items) visit(item);
  stab(node.right, key, visit);
}

function insert<Item>(node: Node<Item> | null, range: KeyRange, item: Item): Node<Item> {
  if (node === null) {
    const priority = fnv1a(`${range.start}\0${range.end ?? '\0\0'}`);
    return { range, priority, items: new Set([item]), endMax: range.end, left: null, right: null };
  }
  const order = compareRanges(range, node.range);
  if (order === 0) {
    node.items.add(item);
    return node;
  }
  if (order < 0) {
    node.left = insert(node.left, range, item);
    return update(node.left.priority > node.priority ? rotateRight(node) : node);
  }
  node.right = insert(node.right, range, item);
  return update(node.right.priority > node.priority ? rotateLeft(node) : node);
}

function remove<Item>(node: Node<Item> | null, range: KeyRange, item: Item): Node<Item> | null {
  assert(node !== null, 'the removed range is indexed', { start: range.start });
  const order = compareRanges(range, node.range);
  if (order < 0) node.left = remove(node.left, range, item);
  else if (order > 0) node.right = remove(node.right, range, item);
  else {
    assert(node.items.delete(item), 'the removed item is indexed', { start: range.start });
    if (node.items.size === 0) return join(node.left, node.right);
  }
  return update(node);
}

/** Joins two treaps of which every range of the left one comes before every range of the right one. */
function join<Item>(left: Node<Item> | null, right: Node<Item> | null): Node<Item> | null {
  if (left === null) return right;
  if (right === null) return left;
  if (left.priority > right.priority) {
    left.right = join(left.right, right);
    return update(left);
  }
  right.left = join(left, right.left);
  return update(right);
}

function rotateRight<Item>(node: Node<Item>): Node<Item> {
  const top = node.left as Node<Item>;
  node.left = top.right;
  top.right = update(node);
  return top;
}

function rotateLeft<Item>(node: Node<Item>): Node<Item> {
  const top = node.right as Node<Item>;
  node.right = top.left;
  top.left = update(node);
  return top;
}

function update<Item>(node: Node<Item>): Node<Item> {
  let endMax = node.range.end;
  if (node.left !== null) endMax = laterEnd(endMax, node.left.endMax);
  if (node.right !== null) endMax = laterEnd(endMax, node.right.endMax);
  node.endMax = endMax;
  return node;
}

function laterEnd(left: string | null, right: string | null): string | null {
  if (left === null || right === null) return null;
  return left > right ? left : right;
}

function compareRanges(left: KeyRange, right: KeyRange): number {
  if (left.start !== right.start) return left.start < right.start ? -1 : 1;
  if (left.end === right.end) return 0;
  if (left.end === null || right.end === null) return left.end === null ? 1 : -1;
  return left.end < right.end ? -1 : 1;
}
