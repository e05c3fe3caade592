/** `threemaster/echo`: answers each request with what it was, as JSON. `--port` (else $PORT, else 8080). */
import type { Container } from './container.ts';
import { answer, bodyOf, endPolitely, option, serve } from './http-serving.ts';

export async function echoServer(container: Container): Promise<void> {
  const port = Number(option(container.args, 'port') ?? container.env['PORT'] ?? 8_080);
  const server = await serve(container, port, async (request, url, response) => {
    const { method, headers } = request;
    const body = (await bodyOf(request)).toString('utf8');
    const seen = {
      method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers,
      body,
      hostname: container.hostname,
    };
    answer(response, 200, `${JSON.stringify(seen, null, 2)}\n`, 'application/json');
  });
  endPolitely(container, [server]);
  container.stdout.write(`listening on ${container.address}:${port}\n`);
}
