/** The Documents port on the files beside the bundles: NAME.br, compressed. They are read when somebody asks, on the thread that asks: once, in milliseconds. */
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import type { DocumentCommand, DocumentEvent } from '../../src/actor/document-port.ts';
import type { Port } from '../../src/actor/ports.ts';

/** Opens the port. Bundles of threads lie one folder below the documents. */
export function openPackageDocuments(emit: (event: unknown) => void): Port {
  return {
    handle: (command) => {
      const { name } = command as DocumentCommand;
      const event: DocumentEvent = { type: 'read', name, text: read(name) };
      emit(event);
    },
    close: () => {},
  };
}

function read(name: string): string | null {
  try {
    return brotliDecompressSync(readFileSync(new URL(`../${name}.br`, import.meta.url))).toString('utf8');
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
