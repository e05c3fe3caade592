/**
 * An API server for informers to watch: a list of objects with a revision, a bounded history, and streams that the test cuts. It speaks
 * src/protocol/apiserver.ts and nothing more than watches.
 */
import { type Behaviour, defineRole, type Role } from '../../../src/actor/behaviour.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input } from '../../../src/actor/input.ts';
import { type KubeObject, objectKey } from '../../../src/api/object-meta.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import type { ApiStreamItem, ResourceRequest } from '../../../src/protocol/apiserver.ts';

export interface Entry {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** The truth that several scripted API servers share, as replicas share the store. */
export class ScriptedStore {
  revision = 1;
  compacted = 0;
  readonly objects = new Map<string, KubeObject>();
  readonly history: { readonly revision: number; readonly entry: Entry }[] = [];

  put(name: string, extra: Partial<KubeObject['metadata']> = {}): KubeObject {
    this.revision += 1;
    const known = this.objects.get(`default/${name}`);
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: 'default',
        uid: known?.metadata.uid ?? `uid-${this.revision}`,
        ...extra,
        resourceVersion: String(this.revision),
      },
    };
    this.objects.set(objectKey(object), object);
    this.history.push({
      revision: this.revision,
      entry: { type: known === undefined ? 'ADDED' : 'MODIFIED', object },
    });
    return object;
  }

  remove(name: string): void {
    const known = this.objects.get(`default/${name}`);
    if (known === undefined) return;
    this.revision += 1;
    this.objects.delete(`default/${name}`);
    const object = { ...known, metadata: { ...known.metadata, resourceVersion: String(this.revision) } };
    this.history.push({ revision: this.revision, entry: { type: 'DELETED', object } });
  }

  compact(): void {
    this.compacted = this.revision;
  }
}

interface OpenWatch {
  readonly stream: number;
  sent: number;
}

interface ServerState {
  readonly store: ScriptedStore;
  readonly watches: Map<number, OpenWatch>;
  refuses: boolean;
}

/** How often a scripted server looks at the store for news. */
const pollMs = 3;

/** A server that answers watches from `store`. Tell it `cut` to end all streams, `refuse` to take no new ones
 * either until `accept`, `bookmark` to send one on each. */
export function scriptedApiServer(store: ScriptedStore, opened: ResourceRequest[] = []): Role {
  const behaviour: Behaviour<unknown, ServerState> = {
    init: () => ({ store, watches: new Map(), refuses: false }),
    step: (state, input) => [...step(state, input, opened)],
  };
  return defineRole({ name: 'apiserver', behaviour });
}

function* step(state: ServerState, input: Input, opened: ResourceRequest[]): Generator<Effect> {
  if (input.type === 'started') yield { type: 'timer', key: 'poll', afterMs: pollMs };
  if (input.type === 'timer') {
    for (const watch of state.watches.values()) yield* news(state, watch);
    yield { type: 'timer', key: 'poll', afterMs: pollMs };
  }
  if (input.type === 'subscribed') {
    const request = (input.body as unknown as { request: ResourceRequest }).request;
    opened.push(request);
    if (state.refuses) yield { type: 'end', stream: input.stream, reason: 'rejected' };
    else yield* open(state, input.stream, request);
  }
  if (input.type === 'unsubscribed') state.watches.delete(input.stream);
  if (input.type === 'tell') yield* obey(state, (input.body as { type: string }).type);
}

function* open(state: ServerState, stream: number, { parameters }: ResourceRequest): Generator<Effect> {
  yield emit(stream, { type: 'head', status: 200, contentType: 'application/json', headers: {} });
  const from = Number(parameters['resourceVersion'] ?? 0);
  const { store } = state;
  if (parameters['sendInitialEvents'] === 'true') {
    for (const object of store.objects.values()) yield line(stream, 'ADDED', object);
    yield line(stream, 'BOOKMARK', bookmark(store.revision, true));
    state.watches.set(stream, { stream, sent: store.revision });
  } else if (from < store.compacted) {
    yield line(stream, 'ERROR', { kind: 'Status', apiVersion: 'v1', code: 410, reason: 'Expired' });
    yield { type: 'end', stream, reason: 'completed' };
  } else {
    state.watches.set(stream, { stream, sent: from });
  }
}

function* news(state: ServerState, watch: OpenWatch): Generator<Effect> {
  for (const { revision, entry } of state.store.history) {
    if (revision <= watch.sent) continue;
    watch.sent = revision;
    yield line(watch.stream, entry.type, entry.object);
  }
}

function* obey(state: ServerState, order: string): Generator<Effect> {
  for (const { stream } of state.watches.values()) {
    if (order === 'bookmark') yield line(stream, 'BOOKMARK', bookmark(state.store.revision, false));
    else if (order !== 'accept') yield { type: 'end', stream, reason: 'completed' };
  }
  if (order === 'cut' || order === 'refuse') state.watches.clear();
  state.refuses = order === 'refuse';
}

function bookmark(revision: number, isEnd: boolean): unknown {
  const annotations = isEnd ? { 'k8s.io/initial-events-end': 'true' } : {};
  return { apiVersion: 'v1', kind: 'Pod', metadata: { resourceVersion: String(revision), annotations } };
}

function line(stream: number, type: string, object: unknown): Effect {
  return emit(stream, { type: 'chunk', bytes: utf8(`${JSON.stringify({ type, object })}\n`) });
}

function emit(stream: number, body: ApiStreamItem): Effect {
  return { type: 'emit', stream, body };
}
