/** What a cluster tells its user: events, log entries and messages, made of what its threads report. */
import { Observable, Subject, type Subscription, share } from 'rxjs';
import type { ActorFault } from '../../src/actor/host-world.ts';
import type { WallMs } from '../../src/base/brand.ts';
import type { ThreadEvent } from '../runtime/thread-control.ts';
import type { ClusterEvent, LogEntry, ObservedMessage } from './events.ts';
import type { Fabric } from './fabric.ts';

export class Reports {
  readonly #fabric: Fabric;
  readonly #events$ = new Subject<ClusterEvent>();
  readonly #logs$ = new Subject<LogEntry>();
  readonly #messages$ = new Subject<ObservedMessage>();

  constructor(fabric: Fabric, log: ((entry: LogEntry) => void) | null) {
    this.#fabric = fabric;
    if (log !== null) this.#logs$.subscribe(log);
  }

  get events$(): Observable<ClusterEvent> {
    return this.#events$.asObservable();
  }

  get logs$(): Observable<LogEntry> {
    return this.#logs$.asObservable();
  }

  /** Threads report their messages while somebody subscribes. */
  get messages$(): Observable<ObservedMessage> {
    return new Observable<ObservedMessage>((subscriber) => {
      const subscription: Subscription = this.#messages$.subscribe(subscriber);
      void this.#fabric.observeMessages(true);
      return () => {
        subscription.unsubscribe();
        if (!this.#messages$.observed) void this.#fabric.observeMessages(false).catch(() => {});
      };
    }).pipe(share());
  }

  tell(event: ClusterEvent): void {
    this.#events$.next(event);
  }

  /** Tells what happened to a thread's actors; other events are none of its own. */
  take(event: ThreadEvent): void {
    const wallMs = this.#fabric.wallMs();
    switch (event.type) {
      case 'started':
        this.tell({ type: 'actorStarted', wallMs, path: event.path, incarnation: event.incarnation });
        return;
      case 'ended': {
        const { path, incarnation, reason } = event;
        this.tell({ type: 'actorEnded', wallMs, path, incarnation, reason });
        return;
      }
      case 'fault':
        this.tell({ type: 'actorFailed', wallMs, fault: event.fault });
        this.#logs$.next(faultEntry(wallMs, event.fault));
        return;
      case 'log':
        this.#logs$.next(event.entry);
        return;
      case 'messageSent':
        this.#messages$.next(event);
        return;
      case 'escalated':
    }
  }

  /** Logs something of the cluster's own. `part`: of the main thread. */
  log(part: string, level: LogEntry['level'], message: string, fields: LogEntry['fields']): void {
    this.#logs$.next({ wallMs: this.#fabric.wallMs(), actor: `main/${part}`, level, message, fields });
  }

  complete(): void {
    for (const subject of [this.#events$, this.#logs$, this.#messages$]) subject.complete();
  }
}

function faultEntry(wallMs: WallMs, { path: actor, ...fault }: ActorFault): LogEntry {
  return { wallMs, actor, level: 'error', message: 'an actor failed', fields: fault };
}
