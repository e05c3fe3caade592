/** An actor with one informer, and the universe in which it watches scripted API servers. */
import { type Behaviour, defineRole, type Role } from '../../../src/actor/behaviour.ts';
import { must } from '../../../src/base/assert.ts';
import type { ResourceRequest } from '../../../src/protocol/apiserver.ts';
import { Universe } from '../../../src/sim/universe.ts';
import type { Change, Informer } from '../../../src/streams/informer.ts';
import { InformerSet } from '../../../src/streams/informer-set.ts';
import { ScriptedStore, scriptedApiServer } from './scripted-api-server.ts';

export const pods = { group: '', version: 'v1', resource: 'pods' } as const;

export interface Watching {
  readonly universe: Universe;
  readonly store: ScriptedStore;
  readonly changes: Change[];
  readonly opened: ResourceRequest[];
  readonly informer: () => Informer;
  /** Tells every living server to do something with its streams. */
  readonly order: (order: 'cut' | 'refuse' | 'accept' | 'bookmark') => void;
}

export function startWatching(servers: number, seed = 1, silenceMs = 500): Watching {
  const universe = new Universe({ seed });
  const store = new ScriptedStore();
  const changes: Change[] = [];
  const opened: ResourceRequest[] = [];
  let informer: Informer | undefined;
  const paths = Array.from({ length: servers }, (_, index) => `m-${index}/api`);
  const behaviour: Behaviour<unknown, InformerSet> = {
    init: (_args, context) => {
      const credentials = { type: 'component', user: 'system:test', groups: [] } as const;
      const set = new InformerSet(
        { servers: paths, credentials, userAgent: 'test', silenceMs, memo: context.memo },
        context.random,
      );
      informer = set.add({ resource: pods });
      return set;
    },
    step: (set, input) => {
      if (input.type === 'started') return set.start(input.monotonicMs);
      if (input.type === 'tell') {
        return paths.map((to) => ({ type: 'send', to, body: { type: (input.body as { type: string }).type } }));
      }
      const turn = set.handle(input);
      changes.push(...(turn?.changes ?? []));
      return turn?.effects ?? [];
    },
  };
  const role: Role = defineRole({ name: 'watcher', behaviour });
  universe.startThread('w', [role]);
  for (const [index, path] of paths.entries()) {
    universe.startThread(`m-${index}`, [scriptedApiServer(store, opened)]);
    universe.connect('w', ['w/watcher'], `m-${index}`, [path]);
    universe.thread(`m-${index}`)?.host.start({ path, role: 'apiserver', args: null, incarnation: 1 });
  }
  universe.thread('w')?.host.start({ path: 'w/watcher', role: 'watcher', args: null, incarnation: 1 });
  const order = (type: string): void => {
    const thread = must(universe.thread('w'), 'watcher');
    const cell = must(thread.host.cellAt('w/watcher'), 'watcher');
    thread.host.deliver(cell, {
      type: 'tell',
      from: { path: 'w/test', incarnation: 1 },
      body: { type, message: null } as never,
    });
    thread.wake();
  };
  return { universe, store, changes, opened, informer: () => must(informer, 'started'), order };
}
