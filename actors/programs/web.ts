/**
 * `threemaster/web`: a static web server. `--port` (else $PORT, else 80), `--root` (else /usr/share/nginx/html). Folders give their index.html;
 * an empty root a page that says who answers.
 */
import { posix } from 'node:path';
import type { Container } from './container.ts';
import { answer, endPolitely, option, serve } from './http-serving.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.txt': 'text/plain; charset=utf-8',
};

export async function web(container: Container): Promise<void> {
  const { args, env, fs, stdout } = container;
  const port = Number(option(args, 'port') ?? env['PORT'] ?? 80);
  const root = option(args, 'root') ?? '/usr/share/nginx/html';
  await fs.mkdir(root, { recursive: true });
  const index = posix.join(root, 'index.html');
  const server = await serve(container, port, async (request, url, response) => {
    const path = posix.join(root, posix.normalize(`/${decodeURIComponent(url.pathname)}`));
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    const found = isGet ? await readPage(container, path) : null;
    const status = isGet ? (found === null ? 404 : 200) : 405;
    if (found !== null)
      answer(response, 200, found.bytes, types[posix.extname(found.path)] ?? 'application/octet-stream');
    else if (isGet && url.pathname === '/' && !fs.exists(index))
      answer(response, 200, welcome(container), types['.html']);
    else answer(response, status, status === 404 ? '404 Not Found\n' : '405 Method Not Allowed\n');
    stdout.write(
      `${request.socket.remoteAddress ?? '-'} "${request.method ?? ''} ${url.pathname}" ${response.statusCode}\n`,
    );
  });
  endPolitely(container, [server]);
  stdout.write(`listening on ${container.address}:${port}\n`);
}

async function readPage(
  { fs }: Container,
  path: string,
): Promise<{ readonly path: string; readonly bytes: Uint8Array } | null> {
  for (const each of [path, posix.join(path, 'index.html')]) {
    const stats = await fs.stat(each).catch(() => null);
    if (stats?.isFile() === true) return { path: each, bytes: await fs.readFile(each) };
  }
  return null;
}

function welcome({ hostname, address }: Container): string {
  return `<!doctype html><title>threemaster/web</title><h1>It works</h1><p>${hostname} at ${address}</p>\n`;
}
