/** Carries out the effects of one step, in order. */
import { assert, must, unreachable } from '../base/assert.ts';
import type { AskTable } from './ask-table.ts';
import type { Cell } from './cell.ts';
import type { Effect } from './effect.ts';
import { operation } from './envelope.ts';
import type { Host } from './host.ts';
import type { StreamTable } from './stream-table.ts';
import type { WatchTable } from './watch-table.ts';

export interface EffectTables {
  readonly asks: AskTable;
  readonly streams: StreamTable;
  readonly watches: WatchTable;
  readonly host: Host;
}

/** Performs one effect of `cell`. Throws InvariantError when the effect breaks its contract: that is the actor's fault. */
export function perform(tables: EffectTables, cell: Cell, effect: Effect): void {
  const { asks, streams, watches, host } = tables;
  switch (effect.type) {
    case 'send':
      return tell(host, cell, effect);
    case 'ask':
      assert(!cell.asks.has(effect.id), 'ask id in use', { id: effect.id, actor: cell.self.path });
      return asks.ask(cell, effect);
    case 'cancelAsk':
      return asks.cancelAsk(cell, effect.id);
    case 'reply':
      return asks.reply(cell, effect.request, effect.body);
    case 'subscribe':
      assert(!cell.subscriptions.has(effect.id), 'subscription id in use', { id: effect.id, actor: cell.self.path });
      return streams.subscribe(cell, effect);
    case 'credit':
      return streams.grantCredit(cell, effect.id, effect.messages);
    case 'unsubscribe':
      return streams.unsubscribe(cell, effect.id);
    case 'emit':
      return streams.emit(cell, effect.stream, effect.body);
    case 'end':
      return streams.end(cell, effect.stream, effect.reason);
    case 'watch':
      return watches.watch(cell, effect.path);
    case 'unwatch':
      return watches.unwatch(cell, effect.path);
    case 'timer':
      return setTimer(host, cell, effect.key, effect.afterMs);
    case 'cancelTimer':
      cell.timers.get(effect.key)?.cancel();
      cell.timers.delete(effect.key);
      return;
    case 'io':
      return must(cell.ports.get(effect.port), `no port ${effect.port}`).handle(effect.command);
    case 'spawn': {
      const { path, role, args, supervision } = effect;
      const parent = cell.self.path;
      return host.start({
        path,
        role,
        args,
        incarnation: 1,
        parent,
        ...(supervision === undefined ? {} : { supervision }),
      });
    }
    case 'reconfigure':
      assert(cell.children.has(effect.path), 'an actor reconfigures only its children', { path: effect.path });
      return host.reconfigure(effect.path, effect.args);
    case 'stop':
      return stopActor(host, cell, effect.path);
    case 'log':
      return host.logEntry(cell, effect.level, effect.message, effect.fields ?? {});
    case 'metric':
      host.metrics.set(effect.name, effect.value);
      return;
    default:
      return unreachable(effect);
  }
}

function tell(host: Host, cell: Cell, { to, body, overflow }: Extract<Effect, { type: 'send' }>): void {
  const { path, incarnation } = cell.self;
  const peer = host.routeOf(to);
  if (peer === undefined) return host.bury('noRoute', to, path, body.type);
  const offer = host.send(peer, path, to, [operation.tell, to, path, incarnation, body], overflow);
  if (offer !== 'taken') host.bury(offer === 'replaced' ? 'displaced' : 'mailboxFull', to, path, body.type);
}

function setTimer(host: Host, cell: Cell, key: string, afterMs: number): void {
  cell.timers.get(key)?.cancel();
  const cancel = host.after(afterMs, () => {
    const timer = cell.timers.get(key);
    if (timer?.cancel !== cancel) return;
    timer.hasFired = true;
    host.deliver(cell, { type: 'timer', key });
  });
  cell.timers.set(key, { cancel, hasFired: false });
}

function stopActor(host: Host, cell: Cell, path: string | undefined): void {
  if (path === undefined || path === cell.self.path) return host.end(cell, 'stopped');
  assert(cell.children.has(path), 'an actor stops only itself and its children', { actor: cell.self.path, path });
  host.stop(path);
}
