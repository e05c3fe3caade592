/**
 * Decides whether a concurrent history could have come from a sequential object: is there an order of its operations that keeps real time
 * (what returned before another was called comes first) and that the model accepts? A search with memory over sets of already ordered
 * operations; exponential at worst, linear for the histories that a correct store makes.
 *
 * An indefinite operation (its answer never came) may take effect at any time after its call, or never: it stays open to the end, and
 * a history is done when every definite operation has found its place.
 *
 * Source: Wing and Gong 1993, Lowe 2017 (the memory), Horn and Kroening 2015 (checking per key); the shape is that of porcupine.
 */

/** A sequential object. States are values: `step` never changes the one it is given. */
export interface Model<State, Call> {
  init(): State;
  /** The state after the call, or undefined when the object, in this state, could not have answered as the call was answered. */
  step(state: State, call: Call): State | undefined;
  equal(left: State, right: State): boolean;
}

/** One operation. The interval is closed; `returned` is null for an indefinite operation. */
export interface Operation<Call> {
  readonly call: Call;
  readonly called: number;
  readonly returned: number | null;
}

export type Verdict<Call> =
  | { readonly type: 'OK' }
  /** `stuck`: in the longest order found, this operation had returned and fitted nowhere. */
  | { readonly type: 'ILLEGAL'; readonly stuck: Operation<Call> }
  /** The search was given up. */
  | { readonly type: 'UNKNOWN' };

/** A call or a return in the list of what is not yet ordered. */
interface Entry {
  readonly id: number;
  readonly isCall: boolean;
  previous: Entry | null;
  next: Entry | null;
  /** Of a call: its return, or null while indefinite. */
  readonly matching: Entry | null;
}

interface Remembered<State> {
  readonly ordered: Uint32Array;
  readonly state: State;
}

/** Model steps after which the search is given up; some seconds. */
const stepsMaxDefault = 5_000_000;

export function checkLinearizable<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation<Call>[],
  stepsMax: number = stepsMaxDefault,
): Verdict<Call> {
  return new Search(model, operations).run(stepsMax);
}

class Search<State, Call> {
  readonly #model: Model<State, Call>;
  readonly #operations: readonly Operation<Call>[];
  readonly #head: Entry = { id: -1, isCall: false, previous: null, next: null, matching: null };
  readonly #ordered: Uint32Array;
  readonly #seen = new Map<number, Remembered<State>[]>();
  readonly #path: { readonly entry: Entry; readonly state: State }[] = [];
  #hash = 0;
  #definiteLeft: number;
  #state: State;

  constructor(model: Model<State, Call>, operations: readonly Operation<Call>[]) {
    this.#model = model;
    this.#operations = operations;
    this.#ordered = new Uint32Array(Math.ceil(operations.length / 32));
    this.#definiteLeft = operations.filter(({ returned }) => returned !== null).length;
    this.#state = model.init();
    this.#link();
  }

  run(stepsMax: number): Verdict<Call> {
    let entry = this.#head.next;
    let steps = 0;
    let stuck: Entry | null = null;
    let fewestLeft = Number.POSITIVE_INFINITY;
    while (this.#definiteLeft > 0) {
      if (entry?.isCall === true) {
        steps += 1;
        if (steps > stepsMax) return { type: 'UNKNOWN' };
        entry = this.#take(entry) ? this.#head.next : entry.next;
        continue;
      }
      // A return whose call found no place before it: go back. The list cannot end before the last definite return.
      if (entry !== null && this.#definiteLeft < fewestLeft) {
        fewestLeft = this.#definiteLeft;
        stuck = entry;
      }
      const last = this.#path.pop();
      if (last === undefined) return { type: 'ILLEGAL', stuck: this.#operation(stuck as Entry) };
      this.#untake(last.entry, last.state);
      entry = last.entry.next;
    }
    return { type: 'OK' };
  }

  #operation(entry: Entry): Operation<Call> {
    return this.#operations[entry.id] as Operation<Call>;
  }

  /** Orders the call next if the model and the memory allow it. */
  #take(entry: Entry): boolean {
    const next = this.#model.step(this.#state, this.#operation(entry).call);
    if (next === undefined) return false;
    this.#flip(entry.id);
    if (!this.#remember(next)) {
      this.#flip(entry.id);
      return false;
    }
    this.#path.push({ entry, state: this.#state });
    this.#state = next;
    unlink(entry);
    if (entry.matching !== null) {
      unlink(entry.matching);
      this.#definiteLeft -= 1;
    }
    return true;
  }

  #untake(entry: Entry, state: State): void {
    this.#flip(entry.id);
    this.#state = state;
    if (entry.matching !== null) {
      relink(entry.matching);
      this.#definiteLeft += 1;
    }
    relink(entry);
  }

  #flip(id: number): void {
    this.#ordered[id >>> 5] = (this.#ordered[id >>> 5] as number) ^ (1 << (id & 31));
    this.#hash ^= Math.imul(id + 1, 0x9e3779b1) ^ Math.imul((id + 7) ^ (id << 13), 0x85ebca6b);
  }

  /** False when this set of operations has led to this state before: what follows was searched already. */
  #remember(state: State): boolean {
    const alike = this.#seen.get(this.#hash);
    if (alike === undefined) {
      this.#seen.set(this.#hash, [{ ordered: this.#ordered.slice(), state }]);
      return true;
    }
    const isKnown = alike.some((one) => this.#model.equal(one.state, state) && sameBits(one.ordered, this.#ordered));
    if (!isKnown) alike.push({ ordered: this.#ordered.slice(), state });
    return !isKnown;
  }

  /** Lists calls and returns in the order of time; at one moment calls come first, so that the two are concurrent. */
  #link(): void {
    const moments: { readonly at: number; readonly entry: Entry }[] = [];
    for (const [id, { called, returned }] of this.#operations.entries()) {
      const end: Entry | null =
        returned === null ? null : { id, isCall: false, previous: null, next: null, matching: null };
      moments.push({ at: called, entry: { id, isCall: true, previous: null, next: null, matching: end } });
      if (end !== null && returned !== null) moments.push({ at: returned, entry: end });
    }
    moments.sort((left, right) => left.at - right.at || Number(right.entry.isCall) - Number(left.entry.isCall));
    let last = this.#head;
    for (const { entry } of moments) {
      last.next = entry;
      entry.previous = last;
      last = entry;
    }
  }
}

function unlink(entry: Entry): void {
  if (entry.previous !== null) entry.previous.next = entry.next;
  if (entry.next !== null) entry.next.previous = entry.previous;
}

/** Undoes `unlink`; entries come back in the reverse order of their going. */
function relink(entry: Entry): void {
  if (entry.previous !== null) entry.previous.next = entry;
  if (entry.next !== null) entry.next.previous = entry;
}

function sameBits(left: Uint32Array, right: Uint32Array): boolean {
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false;
  return true;
}
