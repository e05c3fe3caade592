/** The descriptions of kinds and fields, half a megabyte of text: taken down through the Documents port when the first OpenAPI document is asked for. */
import type { DocumentCommand, DocumentEvent } from '../actor/document-port.ts';
import type { Effect } from '../actor/effect.ts';
import { type Flow, waitFor } from '../actor/flow.ts';
import { type Descriptions, noDescriptions } from '../kinds/descriptions.ts';

/** The name of the text; scripts/build.ts makes it. */
const documentName = 'descriptions.json';
const signal = 'descriptions';

export class DescriptionShelf {
  #descriptions: Descriptions | null = null;
  #state: 'closed' | 'wanted' | 'asked' = 'closed';

  /** Nothing before `open` has returned. */
  get descriptions(): Descriptions {
    return this.#descriptions ?? noDescriptions;
  }

  /** Returns when the descriptions are there, or it is known that there are none. */
  *open(): Flow<void> {
    if (this.#state === 'closed') this.#state = 'wanted';
    while (this.#descriptions === null) yield* waitFor(signal);
  }

  /** Returns what the flows of this turn have asked for. */
  takeCommands(): readonly Effect[] {
    if (this.#state !== 'wanted') return [];
    this.#state = 'asked';
    const command: DocumentCommand = { type: 'read', name: documentName };
    return [{ type: 'io', port: 'documents', command }];
  }

  /** Takes the text; returns the signal that flows wait for. */
  take({ text }: DocumentEvent): string {
    this.#descriptions = text === null ? noDescriptions : (JSON.parse(text) as Descriptions);
    return signal;
  }
}
