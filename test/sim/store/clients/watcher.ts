/**
 * A client that watches: from now, from the past, the whole keyspace or one key, quick or slow to grant credit. A stream that ends or falls
 * silent is resumed behind the last revision on any replica; one whose history was compacted is begun anew. Everything delivered is
 * written down per watch, across its resumptions.
 */
import type { Role } from '../../../../src/actor/behaviour.ts';
import type { Effect } from '../../../../src/actor/effect.ts';
import type { Input } from '../../../../src/actor/input.ts';
import { everyKey, type KeyRange, prefixRange, singleKey } from '../../../../src/mvcc/key-range.ts';
import type { Revision } from '../../../../src/mvcc/key-value.ts';
import type { WatchItem, WatchRequest } from '../../../../src/protocol/store.ts';
import type { WatchRecord } from '../evidence.ts';
import { changeOf } from '../journal.ts';
import type { ClientContext } from './client.ts';

const progressMs = 150;
const silenceMs = 1_000;

interface Watching {
  readonly context: ClientContext;
  readonly creditMs: number;
  record: WatchRecord | null;
  /** Everything up to here was delivered; null until a watch from now has begun. */
  through: number | null;
  subscription: number;
  /** Grants that wait for the credit timer. */
  owed: number;
}

export function watcherRole(context: ClientContext): Role {
  return {
    name: 'client',
    behaviour: {
      init: (): Watching => ({
        context,
        creditMs: context.random.pick([0, 0, 10, 80]),
        record: null,
        through: null,
        subscription: 0,
        owed: 0,
      }),
      step: (state: unknown, input: Input): readonly Effect[] => step(state as Watching, input),
    },
  };
}

function step(state: Watching, input: Input): readonly Effect[] {
  switch (input.type) {
    case 'started':
      return [...begin(state), { type: 'timer', key: 'boredom', afterMs: boredomMs(state) }];
    case 'item':
      if (input.id !== state.subscription) return [];
      return [...take(state, input.body as WatchItem), ...grant(state), alarm];
    case 'ended':
      if (input.id !== state.subscription) return [];
      state.context.evidence.marks.add(`watch ended: ${input.reason}`);
      return resume(state, 20);
    case 'timer':
      return wake(state, input.key);
    default:
      return [];
  }
}

const alarm: Effect = { type: 'timer', key: 'silence', afterMs: silenceMs };

function wake(state: Watching, key: string): readonly Effect[] {
  switch (key) {
    case 'again':
      return subscribe(state);
    case 'credit': {
      const messages = state.owed;
      state.owed = 0;
      return messages === 0 ? [] : [{ type: 'credit', id: state.subscription, messages }];
    }
    case 'silence':
      state.context.evidence.marks.add('watch fell silent');
      return [{ type: 'unsubscribe', id: state.subscription }, ...resume(state, 0)];
    default: {
      const next: Effect = { type: 'timer', key: 'boredom', afterMs: boredomMs(state) };
      if (state.context.isOver()) return [next];
      // Now and then the client goes on elsewhere for no reason, or begins a new watch.
      const leave: Effect = { type: 'unsubscribe', id: state.subscription };
      if (state.context.random.chance(0.5)) return [next, leave, ...resume(state, 0)];
      if (state.record !== null) state.record.isCurrent = false;
      return [next, leave, ...begin(state)];
    }
  }
}

function boredomMs({ context }: Watching): number {
  return 300 + context.random.fraction() * 1_500;
}

function begin(state: Watching): readonly Effect[] {
  const { context } = state;
  const { random, evidence, swarm } = context;
  const ranges: readonly KeyRange[] = [
    everyKey,
    prefixRange('key/'),
    singleKey(`key/${random.integer(1, swarm.keys)}`),
  ];
  const from = random.pick([null, 0, Math.max(0, evidence.knownRevision - random.integer(0, 30))]);
  state.through = from;
  state.record = {
    name: `${context.name} watch ${evidence.watches.length}`,
    range: random.pick(ranges),
    noPut: random.chance(0.1),
    noDelete: random.chance(0.1),
    from: from ?? -1,
    deliveries: [],
    isCurrent: true,
  };
  if (from !== null) evidence.watches.push(state.record);
  return subscribe(state);
}

function subscribe(state: Watching): readonly Effect[] {
  const { context, record, through } = state;
  if (record === null) return [];
  const { random } = context;
  state.subscription += 1;
  state.owed = 0;
  const request: WatchRequest = {
    options: {
      range: record.range,
      startRevision: (through === null ? 0 : through + 1) as Revision,
      noPut: record.noPut,
      noDelete: record.noDelete,
      previous: true,
    },
    progressMs,
  };
  const body = { type: 'watch', request };
  const credit = random.pick([2, 10, 100]);
  const to = random.pick(context.replicas);
  return [{ type: 'subscribe', to, id: state.subscription, body, credit }, alarm];
}

function resume(state: Watching, afterMs: number): readonly Effect[] {
  if (state.through !== null && state.through > 0) state.context.evidence.marks.add('watch resumed');
  // What still comes of the stream before is not listened to.
  state.subscription += 1;
  return [{ type: 'timer', key: 'again', afterMs }];
}

function grant(state: Watching): readonly Effect[] {
  if (state.creditMs === 0) return [{ type: 'credit', id: state.subscription, messages: 1 }];
  state.owed += 1;
  return state.owed === 1 ? [{ type: 'timer', key: 'credit', afterMs: state.creditMs }] : [];
}

function take(state: Watching, item: WatchItem): readonly Effect[] {
  const { context, record } = state;
  if (record === null) return [];
  switch (item.type) {
    case 'watching':
      if (state.through !== null) return [];
      // A watch from now begins behind the revision of its replica.
      state.through = item.revision;
      state.record = { ...record, from: item.revision };
      context.evidence.watches.push(state.record);
      return [];
    case 'events':
      record.deliveries.push({
        type: 'events',
        events: item.events.map((event) => ({
          change: changeOf(event),
          previous:
            event.previous === null ? null : changeOf({ type: 'put', keyValue: event.previous, previous: null }),
        })),
        through: item.throughRevision,
      });
      state.through = item.throughRevision;
      return [];
    case 'progress':
      record.deliveries.push({ type: 'progress', events: [], through: item.revision });
      state.through = Math.max(state.through ?? 0, item.revision);
      return [];
    case 'compacted':
      context.evidence.marks.add('watch compacted');
      record.isCurrent = false;
      // A state would be read here; the history goes on behind the compaction.
      state.record = { ...record, from: item.compactRevision, deliveries: [], isCurrent: true };
      context.evidence.watches.push(state.record);
      state.through = item.compactRevision;
      return [];
  }
}
