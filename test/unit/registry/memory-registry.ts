/** The pure registry with a folder in memory behind it: requests in, answers out, at once. */
import { createHash } from 'node:crypto';
import type { BlobServerCommand, BlobServerEvent } from '../../../src/actor/blob-server-port.ts';
import { concatBytes, emptyBytes, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { Random } from '../../../src/base/random.ts';
import type { RegistryAnswer, RegistryRequest } from '../../../src/registry/exchange.ts';
import { Registry, type RegistrySettings } from '../../../src/registry/registry.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** What outlives a registry. */
export interface Folder {
  readonly blobs: Map<string, Uint8Array>;
  readonly documents: Map<string, Uint8Array>;
}

export class MemoryRegistry {
  readonly folder: Folder;
  readonly #registry: Registry;
  readonly #uploads = new Map<string, Uint8Array>();
  readonly #bodies = new Map<number, Uint8Array>();
  /** Whether bodies come to their ends. */
  areBodiesWhole = true;
  readonly #answers = new Map<number, Answer[]>();
  #lastExchange = 0;

  constructor(settings: RegistrySettings = { users: {} }, folder: Folder = { blobs: new Map(), documents: new Map() }) {
    this.folder = folder;
    this.#registry = new Registry(settings, new Random(1));
    this.#handle({
      type: 'loaded',
      documents: [...folder.documents].map(([name, bytes]) => ({ name, bytes })),
      blobs: [...folder.blobs.keys()],
    });
  }

  /** Sends a request and returns its one answer. */
  send(method: string, target: string, headers: Record<string, string> = {}, body: Uint8Array | string = ''): Answer {
    const exchange = this.begin(method, target, headers, body);
    const answers = this.#answers.get(exchange) ?? [];
    this.#handle({ type: 'closed', exchange });
    const [answer] = answers;
    if (answer === undefined || answers.length > 1) throw new Error(`${method} ${target}: ${answers.length} answers`);
    return answer;
  }

  /** Sends a request whose client may go. */
  begin(method: string, target: string, headers: Record<string, string>, body: Uint8Array | string): number {
    this.#lastExchange += 1;
    const exchange = this.#lastExchange;
    this.#bodies.set(exchange, typeof body === 'string' ? utf8(body) : body);
    this.#handle({ type: 'request', exchange, request: { method, target, headers } });
    return exchange;
  }

  /** Answers a flow of src/registry. */
  answer({ method, url, headers, body }: RegistryRequest): RegistryAnswer {
    const answer = this.send(method, url.replace(/^https?:\/\/[^/]+/, ''), { ...headers }, body ?? '');
    return { type: 'response', ...answer, digest: digestOf(answer.body) };
  }

  #handle(event: BlobServerEvent): void {
    for (const command of this.#registry.handle(event)) this.#perform(command);
  }

  #perform(command: BlobServerCommand): void {
    const { blobs, documents } = this.folder;
    switch (command.type) {
      case 'respond':
        return this.#respond(command.exchange, command);
      case 'sendBlob': {
        const body = blobs.get(command.hex)?.slice(command.start, command.start + command.length);
        if (body?.length !== command.length) throw new Error(`there is no such part of ${command.hex}`);
        return this.#respond(command.exchange, { ...command, body });
      }
      case 'takeBody': {
        const { exchange, bytesMax } = command;
        const bytes = this.#bodies.get(exchange) ?? emptyBytes;
        if (bytes.length > bytesMax) return this.#handle({ type: 'tooLarge', exchange });
        return this.#handle({ type: 'body', exchange, bytes, digest: digestOf(bytes) });
      }
      case 'appendBody': {
        if (!this.areBodiesWhole) return undefined;
        const { exchange, upload } = command;
        const bytes = concatBytes([this.#uploads.get(upload) ?? emptyBytes, this.#bodies.get(exchange) ?? emptyBytes]);
        this.#uploads.set(upload, bytes);
        return this.#handle({ type: 'appended', exchange, sizeBytes: bytes.length });
      }
      case 'seal': {
        const bytes = this.#uploads.get(command.upload) ?? emptyBytes;
        const isMatch = digestOf(bytes) === command.digest;
        this.#uploads.delete(command.upload);
        if (isMatch) blobs.set(command.digest.slice('sha256:'.length), bytes);
        return this.#handle({ type: 'sealed', id: command.id, isMatch, sizeBytes: bytes.length });
      }
      case 'removeUpload':
        this.#uploads.delete(command.upload);
        return undefined;
      case 'removeBlob':
        blobs.delete(command.hex);
        return undefined;
      case 'putBlob':
        blobs.set(command.hex, command.bytes);
        return this.#handle({ type: 'done', id: command.id });
      case 'putDocument':
        documents.set(command.name, command.bytes);
        return this.#handle({ type: 'done', id: command.id });
      default:
        throw new Error(`the registry does not ${command.type}`);
    }
  }

  #respond(exchange: number, { status, headers, body }: Answer): void {
    this.#answers.set(exchange, [...(this.#answers.get(exchange) ?? []), { status, headers, body }]);
  }
}

/** The codes of the errors that an answer tells. */
export function codesOf({ body }: Answer): string[] {
  const { errors = [] } = JSON.parse(utf8Text(body)) as { errors?: { code: string }[] };
  return errors.map(({ code }) => code);
}
