/** The whole contract between an actor's code and its host, and what a host must know to start one. */
import type { Random } from '../base/random.ts';
import type { Address } from './address.ts';
import type { Effect } from './effect.ts';
import type { Input, Stamp } from './input.ts';
import type { Memo } from './memo.ts';
import type { OpenPort } from './ports.ts';
import type { Protocol } from './protocol.ts';

export interface ActorContext extends Stamp {
  readonly self: Address;
  /** Seeded by (cluster seed, path, incarnation). */
  readonly random: Random;
  /** Shared by the actors of a thread. */
  readonly memo: Memo;
}

/**
 * An actor's logic: synchronous, total, values in and values out. `init` throws to refuse the start. `step` handles one input.
 * `flush`, if present, is called once after the inputs of a turn: cores that batch (one log entry for a turn's writes) do it there.
 */
export interface Behaviour<Args, State, P extends Protocol = Protocol> {
  init(args: Args, context: ActorContext): State;
  step(state: State, input: Input<P>): readonly Effect[];
  flush?(state: State, stamp: Stamp): readonly Effect[];
}

/** A kind of actor that a host can start by name: its behaviour, and the ports through which it reaches the world. */
export interface Role<Args = unknown, State = unknown, P extends Protocol = Protocol> {
  readonly name: string;
  readonly behaviour: Behaviour<Args, State, P>;
  readonly ports?: Readonly<Record<string, OpenPort>>;
}

/** A role of any type, as registries hold it; each behaviour checks its own arguments in `init`. */
export type AnyRole = Role;

/**
 * Makes a typed role one that a host can hold beside others. The host gives a behaviour only its own state back, and messages that no
 * compiler has seen, so nothing is lost that the types could have promised.
 */
export function defineRole<Args, State, P extends Protocol = Protocol>(role: Role<Args, State, P>): AnyRole {
  return role as unknown as AnyRole;
}
