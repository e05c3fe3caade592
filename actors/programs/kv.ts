/**
 * `threemaster/kv`: a small key-value store over HTTP. GET, PUT and DELETE of /keys/NAME, GET of /keys for all names. Each value is a file in the
 * data folder (`--data`, else /data), replaced atomically; so with a persistent volume there it outlives its pod. `--port` (else 6379).
 */
import { posix } from 'node:path';
import type { Container } from './container.ts';
import { answer, bodyOf, endPolitely, option, serve } from './http-serving.ts';

export async function keyValueStore(container: Container): Promise<void> {
  const { args, fs } = container;
  const port = Number(option(args, 'port') ?? container.env['PORT'] ?? 6_379);
  const folder = option(args, 'data') ?? '/data';
  await fs.mkdir(folder, { recursive: true });
  const draft = posix.join(folder, '.draft');
  /** Writes come one after another: they share one draft. */
  let last: Promise<void> = Promise.resolve();
  const server = await serve(container, port, async (request, url, response) => {
    if (url.pathname === '/keys') {
      const names = (await fs.readdir(folder)).filter((name) => !name.startsWith('.')).map(decodeURIComponent);
      return answer(response, 200, `${JSON.stringify(names.toSorted())}\n`, 'application/json');
    }
    const name = /^\/keys\/([^/]+)$/.exec(url.pathname)?.[1];
    if (name === undefined)
      return answer(
        response,
        url.pathname === '/healthz' ? 200 : 404,
        url.pathname === '/healthz' ? 'ok\n' : 'not found\n',
      );
    // Percent signs keep the name one part of a path, and a dot is no name.
    const path = posix.join(folder, encodeURIComponent(decodeURIComponent(name)).replace(/^\./, '%2E'));
    switch (request.method) {
      case 'GET': {
        const value = await fs.readFile(path).catch(() => null);
        return value === null
          ? answer(response, 404, 'not found\n')
          : answer(response, 200, value, 'application/octet-stream');
      }
      case 'PUT': {
        const value = await bodyOf(request);
        last = last.then(async () => {
          await fs.writeFile(draft, value);
          await fs.rename(draft, path);
        });
        await last;
        return answer(response, 200, 'ok\n');
      }
      case 'DELETE':
        await fs.remove(path, { force: true });
        return answer(response, 200, 'ok\n');
      default:
        return answer(response, 405, 'GET, PUT and DELETE only\n');
    }
  });
  endPolitely(container, [server]);
  container.stdout.write(`listening on ${container.address}:${port}\n`);
}
