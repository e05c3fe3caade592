/** The BlobServer port on node:http and a folder. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Address } from '../../src/actor/address.ts';
import type { BlobServerArgs, BlobServerCommand, BlobServerEvent } from '../../src/actor/blob-server-port.ts';
import type { Port } from '../../src/actor/ports.ts';
import { unreachable } from '../../src/base/assert.ts';
import { collectBody, headersOf } from './incoming-request.ts';
import { listenAt, OpenSockets } from './listening.ts';

type Emit = (event: BlobServerEvent) => void;
type CommandOf<Type extends BlobServerCommand['type']> = Extract<BlobServerCommand, { type: Type }>;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Opens the port; `args` must be BlobServerArgs. */
export function openBlobServer(emit: (event: unknown) => void, _self: Address, args: unknown): Port {
  const server = new BlobServer(emit as Emit, (args as BlobServerArgs).folder);
  return { handle: (command) => server.handle(command as BlobServerCommand), close: () => server.close() };
}

class BlobServer {
  readonly #emit: Emit;
  readonly #folder: string;
  readonly #exchanges = new Map<number, Exchange>();
  #server: Server | undefined;
  #sockets: OpenSockets | undefined;
  #lastExchange = 0;
  #isClosed = false;
  /** What is done to files is done one after another, but for the bodies of uploads. */
  #work: Promise<void> = Promise.resolve();

  constructor(emit: Emit, folder: string) {
    this.#emit = emit;
    this.#folder = folder;
  }

  handle(command: BlobServerCommand): void {
    switch (command.type) {
      case 'load':
        return this.#queue(
          () => this.#load(),
          (message) => ({ type: 'loadFailed', message }),
        );
      case 'listen':
        return this.#listen(command);
      case 'respond':
        return this.#respond(command);
      case 'sendBlob':
        return void this.#sendBlob(command);
      case 'takeBody':
        return this.#takeBody(command);
      case 'appendBody':
        return void this.#appendBody(command);
      case 'seal':
        return this.#complete(command.id, () => this.#seal(command));
      case 'removeUpload':
        return this.#remove('uploads', command.upload);
      case 'putBlob':
        return this.#complete(command.id, () => this.#put('blobs', command.hex, command.bytes, command.id));
      case 'removeBlob':
        return this.#remove('blobs', command.hex);
      case 'putDocument':
        return this.#complete(command.id, () => this.#put('documents', command.name, command.bytes, command.id));
      default:
        return unreachable(command);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#server?.close();
    this.#sockets?.destroy();
  }

  #tell(event: BlobServerEvent): void {
    if (!this.#isClosed) this.#emit(event);
  }

  #queue(work: () => Promise<BlobServerEvent | null>, failed: (message: string) => BlobServerEvent): void {
    this.#work = this.#work.then(work).then(
      (event) => event !== null && this.#tell(event),
      (error: Error) => this.#tell(failed(error.message)),
    ) as Promise<void>;
  }

  #complete(id: number, work: () => Promise<BlobServerEvent>): void {
    this.#queue(work, (message) => ({ type: 'failed', id, message }));
  }

  // --- Files ------------------------------------------------------------------------------------------------------------

  async #load(): Promise<BlobServerEvent> {
    await rm(join(this.#folder, 'uploads'), { recursive: true, force: true });
    for (const part of ['blobs', 'documents', 'uploads']) {
      await mkdir(join(this.#folder, part), { recursive: true, mode: 0o700 });
    }
    const names = (await readdir(join(this.#folder, 'documents'))).filter((name) => name.endsWith('.json')).sort();
    const documents = await Promise.all(
      names.map(async (name) => ({ name, bytes: await readFile(join(this.#folder, 'documents', name)) })),
    );
    return { type: 'loaded', documents, blobs: (await readdir(join(this.#folder, 'blobs'))).sort() };
  }

  async #seal({ id, upload, digest }: CommandOf<'seal'>): Promise<BlobServerEvent> {
    const file = this.#path('uploads', upload);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    const isMatch = `sha256:${hash.digest('hex')}` === digest;
    const { size: sizeBytes } = await stat(file);
    if (isMatch) await this.#settle(file, this.#path('blobs', digest.slice('sha256:'.length)));
    else await rm(file, { force: true });
    return { type: 'sealed', id, isMatch, sizeBytes };
  }

  async #put(part: 'blobs' | 'documents', name: string, bytes: Uint8Array, id: number): Promise<BlobServerEvent> {
    const draft = this.#path('uploads', `draft-${randomBytes(8).toString('hex')}`);
    await writeFile(draft, bytes, { mode: 0o600 });
    await this.#settle(draft, this.#path(part, name));
    return { type: 'done', id };
  }

  /** A crash leaves all of the old or all of the new. */
  async #settle(draft: string, place: string): Promise<void> {
    const file = await open(draft, 'r+');
    await file.sync().finally(() => file.close());
    await rename(draft, place);
  }

  #remove(part: 'uploads' | 'blobs', name: string): void {
    this.#work = this.#work.then(() => rm(this.#path(part, name), { force: true })).catch(() => {});
  }

  /** The actor names files; a name that is none is a bug of it. */
  #path(part: string, name: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,1023}$/.test(name)) throw new Error(`not the name of a file: ${name}`);
    return join(this.#folder, part, name);
  }

  // --- Exchanges --------------------------------------------------------------------------------------------------------

  #listen(command: CommandOf<'listen'>): void {
    const server = createServer((request, response) => this.#accept(request, response));
    this.#server = server;
    this.#sockets = new OpenSockets(server);
    listenAt(
      server,
      command,
      (event) => this.#tell(event),
      (message) => this.#tell({ type: 'listenFailed', message }),
    );
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    this.#lastExchange += 1;
    const exchange = this.#lastExchange;
    this.#exchanges.set(exchange, { request, response });
    request.on('error', () => {});
    response.on('error', () => {});
    response.on('close', () => {
      this.#exchanges.delete(exchange);
      this.#tell({ type: 'closed', exchange });
    });
    const { method = 'GET', url = '/' } = request;
    this.#tell({ type: 'request', exchange, request: { method, target: url, headers: headersOf(request) } });
  }

  #respond({ exchange, status, headers, body }: CommandOf<'respond'>): void {
    const found = this.#exchanges.get(exchange);
    if (found === undefined || found.response.headersSent) return;
    const { request, response } = found;
    // A client that sends on behind an answer would have it taken for its next request.
    if (!request.complete) request.resume();
    const length = status === 204 ? {} : { 'content-length': String(body.length) };
    try {
      response.writeHead(status, { ...length, ...headers });
      response.end(request.method === 'HEAD' ? undefined : body);
    } catch {
      // A head that cannot be written is the end of this exchange alone.
      response.destroy();
    }
  }

  async #sendBlob({ exchange, status, headers, hex, start, length }: CommandOf<'sendBlob'>): Promise<void> {
    const found = this.#exchanges.get(exchange);
    if (found === undefined) return;
    const { request, response } = found;
    request.resume();
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path('blobs', hex), 'r');
      response.writeHead(status, { ...headers, 'content-length': String(length) });
      if (length === 0) response.end();
      else await pipeline(file.createReadStream({ start, end: start + length - 1 }), response);
    } catch {
      // The file is gone, or the client is, or the head cannot be written: there is nobody to tell, or no way to.
      response.destroy();
    } finally {
      await file?.close().catch(() => {});
    }
  }

  #takeBody({ exchange, bytesMax }: CommandOf<'takeBody'>): void {
    const request = this.#exchanges.get(exchange)?.request;
    if (request === undefined) return;
    const whole = (bytes: Uint8Array): void => {
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      this.#tell({ type: 'body', exchange, bytes, digest });
    };
    collectBody(request, bytesMax, whole, () => this.#tell({ type: 'tooLarge', exchange }));
  }

  async #appendBody({ exchange, upload, bytesMax }: CommandOf<'appendBody'>): Promise<void> {
    const request = this.#exchanges.get(exchange)?.request;
    if (request === undefined) {
      this.#tell({ type: 'bodyFailed', exchange, message: 'the client is gone' });
      return;
    }
    const file = this.#path('uploads', upload);
    const before = await sizeOf(file);
    // What it had to say is over without its end, which nobody would hear of any more.
    if (request.destroyed && !request.readableEnded) {
      this.#tell({ type: 'bodyFailed', exchange, message: 'the client is gone' });
      return;
    }
    const counted = new CountedBody(bytesMax);
    // Not as a part of the pipeline, which would end the connection with an error: the client is to be told.
    request.pipe(counted);
    request.once('close', () => request.readableEnded || counted.destroy(new Error('the client is gone')));
    try {
      await pipeline(counted, createWriteStream(file, { flags: 'a', mode: 0o600 }));
      this.#tell({ type: 'appended', exchange, sizeBytes: before + counted.bytes });
    } catch (error) {
      // All or nothing: who comes again goes on where the last whole piece ended.
      await truncate(file, before).catch(() => {});
      request.resume();
      if (error instanceof TooLarge) this.#tell({ type: 'tooLarge', exchange });
      else this.#tell({ type: 'bodyFailed', exchange, message: (error as Error).message });
    }
  }
}

class TooLarge extends Error {}

/** Counts what passes, and lets no more pass than it may. */
class CountedBody extends Transform {
  readonly #bytesMax: number;
  bytes = 0;

  constructor(bytesMax: number) {
    super();
    this.#bytesMax = bytesMax;
  }

  override _transform(part: Buffer, _encoding: string, done: (error: Error | null, part?: Buffer) => void): void {
    this.bytes += part.length;
    if (this.bytes > this.#bytesMax) done(new TooLarge());
    else done(null, part);
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}
