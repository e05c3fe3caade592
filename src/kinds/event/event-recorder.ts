/**
 * Turns what a component has to tell into Event objects. The same thing told again is not a new object: its count grows, as in `x5 over 2m`.
 * Models client-go tools/record (EventCorrelator), without its spam filter.
 */
import { type KubeObject, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { Random } from '../../base/random.ts';
import { timestampSeconds } from '../../base/time.ts';
import type { Event, ObjectReference } from './types.ts';

export interface EventSource {
  readonly component: string;
  /** The node; empty for components of the control plane. */
  readonly host: string;
}

export interface Occurrence {
  readonly object: KubeObject;
  /** The part of the object that it concerns; empty for all of it. */
  readonly fieldPath: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** How to tell it: a new object, or a merge patch of one that was told before. */
export type EventWrite =
  | { readonly type: 'create'; readonly namespace: string; readonly event: Event }
  | {
      readonly type: 'count';
      readonly namespace: string;
      readonly name: string;
      readonly patch: { readonly count: number; readonly lastTimestamp: string };
    };

interface Told {
  readonly name: string;
  count: number;
}

/** Distinct events that are remembered; the least recent is told anew beyond it. */
const rememberedMax = 1_024;
const nanosPerMs = 1_000_000n;

export class EventRecorder {
  readonly #source: EventSource;
  readonly #random: Random;
  /** Least recent first. */
  readonly #told = new Map<string, Told>();
  #lastNanos = 0n;

  constructor(source: EventSource, random: Random) {
    this.#source = source;
    this.#random = random;
  }

  record(occurrence: Occurrence, wallMs: WallMs): EventWrite {
    const { object, fieldPath, type, reason, message } = occurrence;
    const namespace = namespaceOf(object) === '' ? 'default' : namespaceOf(object);
    const key = [object.kind, namespace, nameOf(object), uidOf(object), fieldPath, type, reason, message].join('\n');
    const known = this.#told.get(key);
    const now = timestampSeconds(wallMs);
    if (known !== undefined) {
      known.count += 1;
      this.#told.delete(key);
      this.#told.set(key, known);
      return { type: 'count', namespace, name: known.name, patch: { count: known.count, lastTimestamp: now } };
    }
    const name = `${nameOf(object)}.${this.#nextSuffix(wallMs)}`;
    this.#told.set(key, { name, count: 1 });
    this.#forgetOldest();
    return { type: 'create', namespace, event: this.#event(occurrence, namespace, name, now) };
  }

  /**
   * Names of events end in the time in nanoseconds, as in Kubernetes: those of one second stand in the order in which they were told. What the clock
   * does not tell is left to chance, so that two recorders seldom meet.
   */
  #nextSuffix(wallMs: WallMs): string {
    const nanos = BigInt(Math.floor(wallMs)) * nanosPerMs + BigInt(this.#random.integer(0, 999));
    this.#lastNanos = nanos > this.#lastNanos ? nanos : this.#lastNanos + BigInt(this.#random.integer(1, 999));
    return this.#lastNanos.toString(16);
  }

  #event(
    { object, fieldPath, type, reason, message }: Occurrence,
    namespace: string,
    name: string,
    now: string,
  ): Event {
    const { component, host } = this.#source;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: referenceTo(object, fieldPath),
      reason,
      message,
      source: host === '' ? { component } : { component, host },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host,
    };
  }

  #forgetOldest(): void {
    if (this.#told.size <= rememberedMax) return;
    const oldest = this.#told.keys().next().value;
    if (oldest !== undefined) this.#told.delete(oldest);
  }
}

function referenceTo(object: KubeObject, fieldPath: string): ObjectReference {
  const { resourceVersion } = object.metadata;
  return {
    kind: object.kind,
    apiVersion: object.apiVersion,
    name: nameOf(object),
    ...(namespaceOf(object) === '' ? {} : { namespace: namespaceOf(object) }),
    ...(uidOf(object) === '' ? {} : { uid: uidOf(object) }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === '' ? {} : { fieldPath }),
  };
}
