/** What the programs of ours that speak HTTP share. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Container } from './container.ts';

/** Bodies that programs of ours take. */
const bodyBytesMax = 16 * 1024 * 1024;

export type Handler = (request: IncomingMessage, url: URL, response: ServerResponse) => Promise<void> | void;

/** Serves HTTP at the pod's address; resolves with the port once it listens. A handler that throws answers 500. */
export async function serve(container: Container, port: number, handler: Handler): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://pod');
    Promise.resolve()
      .then(() => handler(request, url, response))
      .catch((error: Error) => answer(response, 500, `${error.message}\n`));
  });
  await container.listen(server, port);
  return server;
}

/** Ends a server, and the program with it, when the container is asked to end: what is under way is answered first. */
export function endPolitely(
  container: Container,
  servers: readonly { close(done: () => void): unknown; closeIdleConnections?(): void }[],
): void {
  container.onSignal(() => {
    let left = servers.length;
    for (const server of servers) {
      server.close(() => {
        left -= 1;
        if (left === 0) container.exit(0);
      });
      server.closeIdleConnections?.();
    }
  });
}

export function answer(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  type = 'text/plain; charset=utf-8',
): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

/** Reads a request's body; rejects when it is too large. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > bodyBytesMax) throw new Error(`the body is larger than ${bodyBytesMax} bytes`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

/** Returns the value of `--name=value` or `--name value`. */
export function option(args: readonly string[], name: string): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (arg === `--${name}`) return args[index + 1];
    if (arg.startsWith(`--${name}=`)) return arg.slice(name.length + 3);
  }
  return undefined;
}
