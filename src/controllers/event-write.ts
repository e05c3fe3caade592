/** The Events that controllers tell, as the writes of a plan. */
import type { EventWrite } from '../kinds/event/event-recorder.ts';
import type { Event } from '../kinds/event/types.ts';
import { create, patch, type Write } from './plan.ts';
import { eventResource } from './resources.ts';

/** Returns the write that tells an event. One that counts on an Event which has expired meanwhile counts for nobody. */
export function eventWrite(write: EventWrite): Write {
  if (write.type === 'create') return create(eventResource, write.event);
  const { name, namespace } = write;
  const told = { apiVersion: 'v1', kind: 'Event', metadata: { name, namespace } } as Event;
  return patch(eventResource, told, write.patch, { accepts: [404] });
}
