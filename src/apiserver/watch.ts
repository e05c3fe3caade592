/**
 * Watches: from which state they start and what they begin with. The plan is made and attached within one step of the actor, so that no
 * event falls between what it begins with and what follows. Models apiserver pkg/storage/cacher/cacher.go Watch.
 */
import type { Flow } from '../actor/flow.ts';
import type { WatchOptions } from '../api/request.ts';
import type { StatusError } from '../api/status.ts';
import { expired } from '../api/status-errors.ts';
import { utf8 } from '../base/bytes.ts';
import { watchOptions } from '../http/options.ts';
import { type WatchEventType, watchFrame } from '../http/watch-frame.ts';
import type { Answer } from './answer.ts';
import type { CacheEntry } from './cache-entry.ts';
import { type Call, callForm, callSelection } from './call.ts';
import type { Environment } from './environment.ts';
import { bookmarkFrame, eventFrame, type Form, rendered } from './form.ts';
import { freshen } from './get.ts';
import { awaitRevision, parseResourceVersion } from './revision-text.ts';
import { type Selection, selects } from './selection.ts';
import type { CacheEvent } from './watch-cache.ts';

export interface WatchPlan {
  readonly form: Form;
  readonly selection: Selection;
  /** What the stream begins with. */
  readonly frames: readonly Uint8Array[];
  /** Everything up to here is in `frames` or not wanted. */
  readonly revision: number;
  readonly wantsBookmarks: boolean;
  /** Undefined: as long as the client likes. */
  readonly timeoutSeconds: number | undefined;
  /** The stream ends behind `frames`: they hold an error. */
  readonly isRefused: boolean;
}

export function* handleWatch(environment: Environment, call: Call): Flow<Answer> {
  const options = watchOptions(call.query);
  const selection = callSelection(call, options);
  const revision = parseResourceVersion(options.resourceVersion);
  const startsWithState = options.sendInitialEvents ?? revision === 0;
  if (startsWithState || revision === 0) yield* freshen(environment, options.resourceVersion);
  else yield* awaitRevision(environment, revision);
  const since = startsWithState ? null : revision || environment.cache.revision;
  return { type: 'watch', plan: planOf(environment, call, options, selection, since) };
}

/** `since` null: begins with the state as it is. */
function planOf(
  environment: Environment,
  call: Call,
  options: WatchOptions,
  selection: Selection,
  since: number | null,
): WatchPlan {
  const { cache } = environment;
  const form = callForm(call, options.includeObject);
  const plan = {
    form,
    selection,
    revision: cache.revision,
    wantsBookmarks: options.allowWatchBookmarks,
    timeoutSeconds: options.timeoutSeconds,
    isRefused: false,
  };
  if (since === null) {
    const isTold = options.sendInitialEvents === true && options.allowWatchBookmarks;
    return { ...plan, frames: stateFrames(environment, plan, isTold) };
  }
  const history = cache.historySince(call.served.stored, since);
  if (history === undefined) {
    const error = expired(`too old resource version: ${since} (${cache.revision})`);
    return { ...plan, frames: [errorFrame(error)], isRefused: true };
  }
  const frames = history.flatMap((event) => selectedFrame(environment, form, selection, event) ?? []);
  return { ...plan, frames };
}

/** Returns the frame of an event as the watcher sees it, or undefined when it is none of its business. */
export function selectedFrame(
  environment: Environment,
  form: Form,
  selection: Selection,
  event: CacheEvent,
): Uint8Array | undefined {
  const type = eventTypeFor(selection, event);
  return type === undefined ? undefined : eventFrame(environment, form, type, event);
}

/** An object that begins to be selected is added, one that no longer is, is deleted, whatever became of it otherwise. */
export function eventTypeFor(selection: Selection, event: CacheEvent): WatchEventType | undefined {
  const isSelected = event.entry !== null && selects(selection, event.entry);
  const wasSelected = event.previous !== null && selects(selection, event.previous);
  if (isSelected) return wasSelected ? 'MODIFIED' : 'ADDED';
  return wasSelected ? 'DELETED' : undefined;
}

export function errorFrame(error: StatusError): Uint8Array {
  return watchFrame('ERROR', utf8(JSON.stringify(error.status)));
}

function stateFrames(
  environment: Environment,
  { form, selection, revision }: Pick<WatchPlan, 'form' | 'selection' | 'revision'>,
  endsWithBookmark: boolean,
): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  environment.cache.scan(form.served.stored, selection, null, (entry: CacheEntry) => {
    frames.push(watchFrame('ADDED', rendered(environment, form, entry.bytes)));
    return true;
  });
  if (endsWithBookmark) frames.push(bookmarkFrame(form, revision, true));
  return frames;
}
