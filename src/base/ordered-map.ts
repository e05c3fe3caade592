/**
 * A map whose keys are strings in ascending order: a B+ tree without links between leaves.
 *
 * Why a B+ tree: at a million keys a skip list costs a pointer chase per comparison, while a node of 64 keys is one short
 * binary search over a dense array, and a scan reads arrays from left to right. Keys compare as JavaScript strings, by UTF-16
 * unit; for binary strings (one character per byte) that is byte order.
 *
 * Invariants: every leaf has the same depth; a node but the root holds at least `fillMin` and at most `fillMax` items; in an
 * inner node, child i holds the keys k with keys[i - 1] <= k < keys[i].
 */
import { assert } from './assert.ts';

const fillMax = 64;
const fillMin = 16;

/** A leaf has `values`, an inner node has `children` with one separator fewer than children; the other array is empty. */
interface Node<Value> {
  keys: string[];
  values: Value[];
  children: Node<Value>[];
}

/** Ordered map from string to `Value`. `undefined` is not a value. */
export class OrderedMap<Value> {
  #root: Node<Value> = { keys: [], values: [], children: [] };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    let node = this.#root;
    while (node.children.length > 0) node = childAt(node, upperBound(node.keys, key));
    const index = lowerBound(node.keys, key);
    return node.keys[index] === key ? node.values[index] : undefined;
  }

  /** Sets `key` and returns the value that it replaced, if any. */
  set(key: string, value: Value): Value | undefined {
    const replaced = this.#insert(this.#root, key, value);
    if (replaced === undefined) this.#size += 1;
    if (weight(this.#root) > fillMax) {
      const left = this.#root;
      const { separator, right } = split(left);
      this.#root = { keys: [separator], values: [], children: [left, right] };
    }
    return replaced;
  }

  /** Removes `key` and returns its value, or undefined when it was absent. */
  delete(key: string): Value | undefined {
    const removed = this.#remove(this.#root, key);
    if (removed === undefined) return undefined;
    this.#size -= 1;
    assert(this.#size >= 0, 'ordered map size', { size: this.#size });
    if (this.#root.children.length === 1) this.#root = childAt(this.#root, 0);
    return removed;
  }

  /**
   * Visits the entries with start <= key < end (null: no end) in ascending order until `visit` returns false.
   * The map must not change meanwhile.
   */
  scan(start: string, end: string | null, visit: (value: Value, key: string) => boolean): void {
    scanNode(this.#root, start, end, visit);
  }

  #insert(node: Node<Value>, key: string, value: Value): Value | undefined {
    if (node.children.length === 0) {
      const index = lowerBound(node.keys, key);
      if (node.keys[index] === key) {
        const replaced = node.values[index];
        node.values[index] = value;
        return replaced;
      }
      node.keys.splice(index, 0, key);
      node.values.splice(index, 0, value);
      return undefined;
    }
    const index = upperBound(node.keys, key);
    const child = childAt(node, index);
    const replaced = this.#insert(child, key, value);
    if (weight(child) > fillMax) {
      const { separator, right } = split(child);
      node.keys.splice(index, 0, separator);
      node.children.splice(index + 1, 0, right);
    }
    return replaced;
  }

  #remove(node: Node<Value>, key: string): Value | undefined {
    if (node.children.length === 0) {
      const index = lowerBound(node.keys, key);
      if (node.keys[index] !== key) return undefined;
      node.keys.splice(index, 1);
      return node.values.splice(index, 1)[0];
    }
    const index = upperBound(node.keys, key);
    const child = childAt(node, index);
    const removed = this.#remove(child, key);
    if (weight(child) < fillMin) rebalance(node, index);
    return removed;
  }
}

function childAt<Value>(node: Node<Value>, index: number): Node<Value> {
  return node.children[index] as Node<Value>;
}

/** How full a node is: its children, or its keys in a leaf. */
function weight<Value>(node: Node<Value>): number {
  return node.children.length === 0 ? node.keys.length : node.children.length;
}

/** Moves the upper half of `left` into a new node; `separator` is the least key that the new node may hold. */
function split<Value>(left: Node<Value>): { separator: string; right: Node<Value> } {
  const middle = weight(left) >> 1;
  if (left.children.length === 0) {
    const right = { keys: left.keys.splice(middle), values: left.values.splice(middle), children: [] };
    return { separator: right.keys[0] as string, right };
  }
  const right = { keys: left.keys.splice(middle), values: [], children: left.children.splice(middle) };
  return { separator: left.keys.pop() as string, right };
}

/** Joins the child at `index`, which became too small, with a neighbour, and splits the result again if it is too large. */
function rebalance<Value>(parent: Node<Value>, index: number): void {
  const leftIndex = index === 0 ? 0 : index - 1;
  assert(leftIndex + 1 < parent.children.length, 'a node but the root has a sibling', { index });
  const left = childAt(parent, leftIndex);
  const right = childAt(parent, leftIndex + 1);
  if (left.children.length > 0) left.keys.push(parent.keys[leftIndex] as string);
  left.keys.push(...right.keys);
  left.values.push(...right.values);
  left.children.push(...right.children);
  if (weight(left) <= fillMax) {
    parent.keys.splice(leftIndex, 1);
    parent.children.splice(leftIndex + 1, 1);
    return;
  }
  const halves = split(left);
  parent.keys[leftIndex] = halves.separator;
  parent.children[leftIndex + 1] = halves.right;
}

function scanNode<Value>(
  node: Node<Value>,
  start: string,
  end: string | null,
  visit: (value: Value, key: string) => boolean,
): boolean {
  const { keys, values, children } = node;
  if (children.length > 0) {
    for (let index = upperBound(keys, start); index < children.length; index += 1) {
      if (!scanNode(childAt(node, index), start, end, visit)) return false;
      if (end !== null && index < keys.length && (keys[index] as string) >= end) return false;
    }
    return true;
  }
  for (let index = lowerBound(keys, start); index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (end !== null && key >= end) return false;
    if (!visit(values[index] as Value, key)) return false;
  }
  return true;
}

/** The first index whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first index whose key is above `key`. */
function upperBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
