/**
 * How an actor feeds Observables. Inputs go in, the effects that come out are collected, and both happen within one step. An error
 * anywhere in the pipeline, also one that an observer throws, is rethrown by the step that caused it: it is the actor's fault and goes to
 * supervision. RxJS alone would report it from a timer later, and end the thread.
 */
import { type Observable, Subject, type Subscription } from 'rxjs';
import type { Effect } from '../actor/effect.ts';
import type { Input } from '../actor/input.ts';
import { assert } from '../base/assert.ts';
import { ActorScheduler } from './scheduler.ts';

export class Pipeline {
  readonly scheduler = new ActorScheduler();
  readonly #inputs = new Subject<Input>();
  #effects: Effect[] = [];
  #failure: { readonly error: unknown } | null = null;
  #isFeeding = false;

  /** All inputs of the actor, in order. */
  get inputs$(): Observable<Input> {
    return this.#inputs.asObservable();
  }

  /** Performs what `effects$` emits in the step that made it emit. An end of the stream is fine, an error is the actor's fault. */
  perform(effects$: Observable<Effect | readonly Effect[]>): Subscription {
    return this.observe(effects$, (effects) => {
      if (isList(effects)) this.#effects.push(...effects);
      else this.#effects.push(effects);
    });
  }

  /** Subscribes so that whatever `next` throws is the fault of the step under way. The only way to subscribe within an actor. */
  observe<T>(source$: Observable<T>, next: (value: T) => void): Subscription {
    return source$.subscribe({
      next: (value) => {
        try {
          next(value);
        } catch (error) {
          this.#failure ??= { error };
        }
      },
      error: (error: unknown) => {
        this.#failure ??= { error };
      },
    });
  }

  /** Feeds one input and returns the effects it led to; throws what failed. */
  feed(input: Input): readonly Effect[] {
    assert(!this.#isFeeding, 'a pipeline is fed one input at a time', { type: input.type });
    this.#isFeeding = true;
    this.scheduler.moveTo(input.monotonicMs);
    this.scheduler.runDue();
    const isOwnTimer = input.type === 'timer' && this.scheduler.owns(input.key);
    if (!isOwnTimer) this.#inputs.next(input);
    this.scheduler.runDue();
    this.#isFeeding = false;
    return this.#take();
  }

  #take(): readonly Effect[] {
    const failure = this.#failure;
    this.#failure = null;
    const effects = [...this.#effects, ...this.scheduler.timer()];
    this.#effects = [];
    if (failure !== null) throw failure.error;
    return effects;
  }
}

function isList(effects: Effect | readonly Effect[]): effects is readonly Effect[] {
  return Array.isArray(effects);
}
