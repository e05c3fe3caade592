/**
 * The clock of an actor's pipelines: a SchedulerLike whose time is that of the inputs, so that RxJS's time operators obey virtual time and a
 * seed replays them. Work that is due later waits for a timer of the actor; nothing runs outside a step.
 *
 * Time operators of RxJS default to the wall clock. Pass this scheduler to each of them: `debounceTime(100, scheduler)`.
 */
import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import type { Effect } from '../actor/effect.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { TimerQueue } from '../base/timer-queue.ts';

const timerKey = 'pipeline';

export class ActorScheduler implements SchedulerLike {
  readonly #due = new TimerQueue<() => void>();
  #nowMs = 0 as MonotonicMs;
  #timerAtMs: number = Number.POSITIVE_INFINITY;

  /** The time of the step under way, in milliseconds with an arbitrary origin. */
  now(): number {
    return this.#nowMs;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delayMs = 0, state?: T): Subscription {
    const action = new ActorAction<T>(this, work);
    action.schedule(state as T, delayMs);
    return action;
  }

  /** Takes over the time of an input; call before anything is fed. */
  moveTo(nowMs: MonotonicMs): void {
    this.#nowMs = nowMs;
  }

  /** Runs what is due, in the order of time and of scheduling. */
  runDue(): void {
    if (this.#nowMs >= this.#timerAtMs) this.#timerAtMs = Number.POSITIVE_INFINITY;
    for (let run = this.#due.takeDue(this.#nowMs); run !== undefined; run = this.#due.takeDue(this.#nowMs)) run();
  }

  /** Returns the timer for what is due next, if it is not set already. */
  timer(): readonly Effect[] {
    const nextMs = this.#due.nextAtMs();
    if (nextMs === undefined || nextMs === this.#timerAtMs) return [];
    this.#timerAtMs = nextMs;
    return [{ type: 'timer', key: timerKey, afterMs: Math.max(0, nextMs - this.#nowMs) }];
  }

  /** Tells whether a timer of the actor is this scheduler's. */
  owns(key: string): boolean {
    return key === timerKey;
  }

  /** Runs `work` at or after `delayMs` from now; returns what cancels it. */
  add(work: () => void, delayMs: number): () => void {
    return this.#due.add((this.#nowMs + delayMs) as MonotonicMs, work);
  }
}

class ActorAction<T> extends Subscription implements SchedulerAction<T> {
  readonly #scheduler: ActorScheduler;
  readonly #work: (this: SchedulerAction<T>, state: T) => void;
  #cancel: () => void = () => {};

  constructor(scheduler: ActorScheduler, work: (this: SchedulerAction<T>, state: T) => void) {
    super(() => this.#cancel());
    this.#scheduler = scheduler;
    this.#work = work;
  }

  schedule(state?: T, delayMs = 0): Subscription {
    if (this.closed) return this;
    this.#cancel();
    this.#cancel = this.#scheduler.add(() => {
      if (!this.closed) this.#work(state as T);
    }, delayMs);
    return this;
  }
}
