/** An actor's inputs as Observables, by type; and the behaviour whose logic is a pipeline from inputs to effects. */
import { filter, map, mergeMap, type Observable, type OperatorFunction, share } from 'rxjs';
import type { ActorContext, Behaviour } from '../actor/behaviour.ts';
import type { Effect } from '../actor/effect.ts';
import type { Input } from '../actor/input.ts';
import type { Protocol, Tell } from '../actor/protocol.ts';
import type { KubeObject } from '../api/object-meta.ts';
import type { Change, Informer } from './informer.ts';
import { changesOf, type InformerSet, type InformerTurn } from './informer-set.ts';
import { Pipeline } from './pipeline.ts';
import type { ActorScheduler } from './scheduler.ts';

export interface Mailbox {
  readonly inputs$: Observable<Input>;
  /** The actor's time, for RxJS's time operators. */
  readonly scheduler: ActorScheduler;
}

/** Lets inputs of one type pass. */
export function ofType<Type extends Input['type']>(
  type: Type,
): OperatorFunction<Input, Extract<Input, { type: Type }>> {
  return filter((input): input is Extract<Input, { type: Type }> => input.type === type);
}

/** Lets the messages of one type of tell pass, without their envelope. */
export function tells<P extends Protocol, Type extends keyof P['tells'] & string>(
  inputs$: Observable<Input>,
  type: Type,
): Observable<P['tells'][Type]> {
  return inputs$.pipe(
    ofType('tell'),
    map(({ body }) => body as unknown as Tell<P>),
    filter((body) => body.type === type),
    map((body) => body.message as P['tells'][Type]),
  );
}

/** Makes a behaviour of a pipeline. `build` runs once, in `init`. */
export function reactive<Args>(
  build: (mailbox: Mailbox, args: Args, context: ActorContext) => Observable<Effect | readonly Effect[]>,
): Behaviour<Args, Pipeline> {
  return {
    init: (args, context) => {
      const pipeline = new Pipeline();
      pipeline.scheduler.moveTo(context.monotonicMs);
      pipeline.perform(build(pipeline, args, context));
      return pipeline;
    },
    step: (pipeline, input) => pipeline.feed(input),
  };
}

/** Tells the changes of one informer as a stream: `turns$` is what its set returned for each input. */
export function changes$<T extends KubeObject>(
  turns$: Observable<InformerTurn>,
  informer: Informer<T>,
): Observable<Change<T>> {
  return turns$.pipe(mergeMap((turn) => changesOf(turn, informer), 1));
}

/** Runs informers on a mailbox: starts them with the actor, and tells what each input led to. Their effects have to be performed. */
export function informed(inputs$: Observable<Input>, informers: InformerSet): Observable<InformerTurn> {
  return inputs$.pipe(
    map((input) =>
      input.type === 'started'
        ? { informer: null, changes: [], effects: informers.start(input.monotonicMs) }
        : informers.handle(input),
    ),
    filter((turn) => turn !== null),
    share(),
  );
}
