/** An actor whose behaviour is a function given by the test, and a small universe to run it in. */
import { type ActorContext, type Behaviour, defineRole, type Role } from '../../../src/actor/behaviour.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input } from '../../../src/actor/input.ts';
import { Universe } from '../../../src/sim/universe.ts';

export interface Script {
  readonly step: (input: Input, context: ActorContext) => readonly Effect[];
  readonly init?: (context: ActorContext) => void;
}

/** A role whose actors answer with what the script at their path says. Inputs are recorded per path. */
export class ScriptedRole {
  readonly seen = new Map<string, Input[]>();
  readonly scripts = new Map<string, Script>();
  /** Called at the beginning of each life. */
  onInit: (args: unknown, context: ActorContext) => void = () => {};

  role(): Role {
    const behaviour: Behaviour<unknown, ActorContext> = {
      init: (args, context) => {
        this.onInit(args, context);
        this.scripts.get(context.self.path)?.init?.(context);
        return context;
      },
      step: (context, input) => {
        const { path } = context.self;
        this.seen.set(path, [...(this.seen.get(path) ?? []), input]);
        return this.scripts.get(path)?.step(input, context) ?? [];
      },
    };
    return defineRole({ name: 'scripted', behaviour });
  }

  /** Inputs of one type that an actor has handled, in order. */
  of<Type extends Input['type']>(path: string, type: Type): Extract<Input, { type: Type }>[] {
    return (this.seen.get(path) ?? []).filter((input) => input.type === type) as Extract<Input, { type: Type }>[];
  }
}

export interface Pair {
  readonly universe: Universe;
  readonly scripted: ScriptedRole;
}

/** Two threads, `a` and `b`, linked; actor `a/one` on the first and `b/two` on the second, with the given scripts. */
export function startPair(one: Script['step'], two: Script['step'], seed = 1): Pair {
  const universe = new Universe({ seed });
  const scripted = new ScriptedRole();
  scripted.scripts.set('a/one', { step: one });
  scripted.scripts.set('b/two', { step: two });
  universe.startThread('a', [scripted.role()]);
  universe.startThread('b', [scripted.role()]);
  universe.connect('a', ['a/one'], 'b', ['b/two']);
  universe.thread('b')?.host.start({ path: 'b/two', role: 'scripted', args: null, incarnation: 1 });
  universe.thread('a')?.host.start({ path: 'a/one', role: 'scripted', args: null, incarnation: 1 });
  return { universe, scripted };
}
