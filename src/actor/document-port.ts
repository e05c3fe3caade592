/** The Documents port: texts that come with the package and are too large for the bundles of threads. */
import type { Port } from './ports.ts';

export interface DocumentCommand {
  readonly type: 'read';
  readonly name: string;
}

export interface DocumentEvent {
  readonly type: 'read';
  readonly name: string;
  /** Null when there is no such text. */
  readonly text: string | null;
}

/** The port of whoever runs without the package's files, as simulation does: nothing is there. */
export function openNoDocuments(emit: (event: unknown) => void): Port {
  const answer = ({ name }: DocumentCommand): DocumentEvent => ({ type: 'read', name, text: null });
  return { handle: (command) => emit(answer(command as DocumentCommand)), close: () => {} };
}
