/** Questions to the Programs port that wait for their event. */
import type { Effect } from '../../actor/effect.ts';
import type { ProgramsCommand, ProgramsEvent } from '../../actor/programs-port.ts';

/** An event that completes a command. */
export type Completion = Extract<ProgramsEvent, { readonly id: number }>;
type WithId = Extract<ProgramsCommand, { readonly id: number }>;
type WithoutId<Command> = Command extends unknown ? Omit<Command, 'id'> : never;

export const programsPort = 'programs';

/** Makes the effect of a command. */
export function toPort(command: ProgramsCommand): Effect {
  return { type: 'io', port: programsPort, command };
}

export class PortCalls {
  readonly #waiting = new Map<number, (completion: Completion) => void>();
  #lastId = 0;

  /** Returns the command to give; `settle` runs when it completes. */
  call(command: WithoutId<WithId>, settle: (completion: Completion) => void): Effect {
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, settle);
    return toPort({ ...command, id: this.#lastId } as WithId);
  }

  complete(completion: Completion): void {
    const settle = this.#waiting.get(completion.id);
    this.#waiting.delete(completion.id);
    settle?.(completion);
  }
}
