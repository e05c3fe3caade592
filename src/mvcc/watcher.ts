/** One watch over a range of keys: what it wants, and how far it has read. */
import type { Brand } from '../base/brand.ts';
import type { Event } from './event.ts';
import { containsKey, isSingleKey, type KeyRange } from './key-range.ts';
import type { Revision } from './key-value.ts';

export type WatcherId = Brand<number, 'WatcherId'>;

export interface WatchOptions {
  readonly range: KeyRange;
  /** The first revision of interest; 0 means the next one to come. It may lie in the future. */
  readonly startRevision: Revision;
  readonly noPut?: boolean;
  readonly noDelete?: boolean;
  /** Delivers the version before with each event. */
  readonly previous?: boolean;
  /** Lets a response end inside a revision that is larger than the response may be. */
  readonly fragment?: boolean;
}

export interface Watcher {
  readonly id: WatcherId;
  readonly options: WatchOptions;
  readonly isSingle: boolean;
  /**
   * Everything below was delivered or does not match. For a watcher that is not pending it may lag behind the current revision,
   * because the revisions between are known not to match.
   */
  nextRevision: Revision;
  /** How many events of `nextRevision` were delivered already, in fragments. */
  nextEvent: number;
  /** True while events that may match wait to be pulled. */
  isPending: boolean;
}

/** What one pull gives. `throughRevision`: every matching event up to it has now been delivered. */
export type PullResult =
  | {
      readonly type: 'events';
      readonly events: readonly Event[];
      readonly throughRevision: Revision;
      /** The response ends inside a revision; the rest follows in the next. */
      readonly fragment: boolean;
      /** There may be more to pull; the watcher is not announced as ready again before it has been pulled to the end. */
      readonly more: boolean;
    }
  | { readonly type: 'cancelled'; readonly compactRevision: Revision };

export function makeWatcher(id: WatcherId, options: WatchOptions, nextRevision: Revision): Watcher {
  return { id, options, isSingle: isSingleKey(options.range), nextRevision, nextEvent: 0, isPending: false };
}

/** Tells whether the watcher wants the event. */
export function wants(watcher: Watcher, event: Event): boolean {
  const { options } = watcher;
  if (event.type === 'put' ? options.noPut === true : options.noDelete === true) return false;
  return containsKey(options.range, event.keyValue.key);
}
