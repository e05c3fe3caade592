/**
 * Turns what controllers tell of their objects into Kubernetes Events. Telling the same again raises the count of the Event that exists.
 * Models client-go tools/record/event.go and events_cache.go, without its rate limit.
 */
import { nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import type { WallMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';
import { timestampSeconds } from '../base/time.ts';
import type { Event } from '../kinds/event/types.ts';
import { create, type EventRecord, patch, type Write } from './plan.ts';
import { eventResource } from './resources.ts';

interface Known {
  readonly event: Event;
  count: number;
}

/** Events that a recorder can count on; older ones are told as new. */
const knownEventsMax = 4096;

export class EventRecorder {
  readonly #component: string;
  readonly #random: Random;
  readonly #known = new Map<string, Known>();

  constructor(component: string, random: Random) {
    this.#component = component;
    this.#random = random;
  }

  /** Returns the write that records `record`: a creation, or one more for an Event that was created before. */
  write(record: EventRecord, wallMs: WallMs): Write {
    const { object, type, reason, message } = record;
    const key = [uidOf(object), type, reason, message].join('\n');
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.count += 1;
      const body = { count: known.count, lastTimestamp: timestampSeconds(wallMs) };
      return patch(eventResource, known.event, body, { accepts: [404] });
    }
    const event = this.#event(record, wallMs);
    if (this.#known.size >= knownEventsMax) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(key, { event, count: 1 });
    return create(eventResource, event);
  }

  #event({ object, type, reason, message }: EventRecord, wallMs: WallMs): Event {
    const now = timestampSeconds(wallMs);
    const namespace = namespaceOf(object);
    const { resourceVersion, uid } = object.metadata;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${nameOf(object)}.${this.#random.text(16, '0123456789abcdef')}`,
        namespace: namespace === '' ? 'default' : namespace,
      },
      involvedObject: {
        kind: object.kind,
        apiVersion: object.apiVersion,
        name: nameOf(object),
        ...(namespace === '' ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      reason,
      message,
      source: { component: this.#component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      reportingComponent: this.#component,
    };
  }
}
