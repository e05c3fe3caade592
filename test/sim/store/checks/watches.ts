/**
 * Watches against the journal. Each delivery must be exactly the changes of its range between the revision before and the one it reaches: that
 * is ordered, unique, atomic, reliable and resumable at once. Progress must be true, and previous versions those of the journal.
 */
import type { Evidence, WatchDelivery, WatchRecord } from '../evidence.ts';
import { type Change, type Journal, sameChange } from '../journal.ts';

export function checkWatches({ watches }: Evidence, journal: Journal): string[] {
  return watches.flatMap((watch) => checkWatch(watch, journal) ?? []);
}

function checkWatch(watch: WatchRecord, journal: Journal): string | null {
  let through = watch.from;
  for (const delivery of watch.deliveries) {
    const wrong = checkDelivery(watch, delivery, through, journal);
    if (wrong !== null) return `${watch.name} from ${watch.from}, behind ${through}: ${wrong}`;
    through = delivery.through;
  }
  return null;
}

function checkDelivery(watch: WatchRecord, delivery: WatchDelivery, from: number, journal: Journal): string | null {
  const { type, events, through } = delivery;
  if (through < from) return `${type} goes back to ${through}`;
  if (through > journal.last) return `${type} reaches ${through}, the store only ${journal.last}`;
  const expected = journal.between(watch.range, from, through).filter(({ type: change }) => {
    return change === 'put' ? !watch.noPut : !watch.noDelete;
  });
  const isSame =
    expected.length === events.length &&
    expected.every((change, index) => sameChange(change, events[index]?.change as Change));
  if (!isSame) return `${type} to ${through} brought ${JSON.stringify(events)}, expected ${JSON.stringify(expected)}`;
  for (const { change, previous } of events) {
    if (previous === null) continue;
    const before = journal.stateOf(change.key, change.revision - 1);
    if (before === undefined || !sameChange(before, previous)) {
      return `${change.key} at ${change.revision}: previous ${JSON.stringify(previous)}, expected ${JSON.stringify(before)}`;
    }
  }
  return null;
}
