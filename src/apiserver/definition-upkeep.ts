/**
 * Keeps definitions going: watches the cache for those that need something and runs the flows that do it, one at a time each. The API server
 * that has handled a write of a definition a moment ago acts at once; the others do after a while if it is still due, so that a definition
 * is established by whoever is alive, and as a rule by one alone.
 */
import type { Effect } from '../actor/effect.ts';
import type { FlowRunner } from '../actor/flow-runner.ts';
import { cleanUp, dueWork, establish } from './definition-flows.ts';
import type { Environment } from './environment.ts';
import { definitionAttentionMs, definitionPatienceMs, requestTimeoutMs } from './limits.ts';
import type { CacheEvent } from './watch-cache.ts';
import type { WatchHub } from './watch-hub.ts';

export const definitionTimer = 'definitions';

export class DefinitionUpkeep {
  readonly #environment: Environment;
  readonly #runner: FlowRunner;
  readonly #hub: WatchHub;
  /** Definitions that are worked upon. */
  readonly #busy = new Set<string>();
  #epoch = 0;
  #isTimed = false;

  constructor(environment: Environment, runner: FlowRunner, hub: WatchHub) {
    this.#environment = environment;
    this.#runner = runner;
    this.#hub = hub;
  }

  /** Looks at what the cache has just taken; the watchers have been shown it. */
  observe(changes: readonly CacheEvent[]): readonly Effect[] {
    const { catalog } = this.#environment;
    if (!changes.some((change) => (change.entry ?? change.previous)?.stored === catalog.definitions)) return [];
    const ended = catalog.epoch === this.#epoch ? [] : this.#hub.endStale();
    this.#epoch = catalog.epoch;
    return [...ended, ...(this.#isAttentive() ? this.work() : this.#wait())];
  }

  /** Does what is due for every definition. */
  work(): readonly Effect[] {
    const { catalog, cache } = this.#environment;
    this.#isTimed = false;
    if (!cache.isSynced) return this.#wait();
    const effects: Effect[] = [];
    for (const custom of catalog.customs()) {
      const name = custom.definition.metadata.name ?? '';
      if (this.#busy.has(name)) continue;
      const due = dueWork(this.#environment, custom);
      if (due !== 'none') effects.push(...this.#start(name, due));
    }
    return effects;
  }

  #start(name: string, due: 'status' | 'cleanup'): readonly Effect[] {
    this.#busy.add(name);
    const flow = due === 'status' ? establish(this.#environment, name) : cleanUp(this.#environment, name);
    return this.#runner.start(flow, requestTimeoutMs, (end) => {
      this.#busy.delete(name);
      if (end.type === 'returned' && end.result) return this.#isDue(name) ? this.#wait() : [];
      const message = end.type === 'threw' && end.error instanceof Error ? end.error.message : end.type;
      const log: Effect = {
        type: 'log',
        level: 'warn',
        message: 'a definition could not be brought on',
        fields: { name, due, message },
      };
      return end.type === 'returned' ? this.#wait() : [log, ...this.#wait()];
    }).effects;
  }

  #isDue(name: string): boolean {
    const custom = this.#environment.catalog.custom(name);
    return custom !== undefined && dueWork(this.#environment, custom) !== 'none';
  }

  #wait(): readonly Effect[] {
    if (this.#isTimed) return [];
    this.#isTimed = true;
    return [{ type: 'timer', key: definitionTimer, afterMs: definitionPatienceMs }];
  }

  #isAttentive(): boolean {
    const { stamp, definitionWriteAtMs } = this.#environment;
    return stamp.monotonicMs - definitionWriteAtMs < definitionAttentionMs;
  }
}
