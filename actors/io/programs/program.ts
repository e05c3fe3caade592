/** What the port knows of a program that runs, whatever it is. */

import type { ProgramReading } from '../../../src/actor/programs-port.ts';

/** What a program tells. Exactly one of `startFailed` and `exited` comes, last. */
export interface ProgramListener {
  started(): void;
  startFailed(message: string): void;
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  exited(exitCode: number, isOutOfMemory: boolean): void;
}

/** As ProgramReading has it. */
export type ProgramUsage = Omit<ProgramReading, 'program'>;

export interface Program {
  /** `taken` runs when the program has the bytes; false: it will not have them. */
  write(bytes: Uint8Array, isEnd: boolean, taken: (isTaken: boolean) => void): void;
  /** So much of its output is dealt with. */
  taken(bytes: number): void;
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Only where the limit of a running program can change. */
  limit?(memoryLimitBytes: number): void;
  resize(columns: number, rows: number): void;
  /** Resolves soon, with null where nobody can tell. */
  usage(): Promise<ProgramUsage | null>;
}

/** As shells tell of a program that a signal ended. */
export const exitCodes = { killed: 137, terminated: 143 } as const;
