/** Tools that speak HTTP and TCP. */
import { lookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { posix } from 'node:path';
import { utf8Text } from '../../src/base/bytes.ts';
import { parseFlags, UsageError } from '../../src/shell/tool.ts';
import type { AsyncCall, AsyncTool } from './async-tool.ts';

interface Fetch {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
  readonly followsRedirects: boolean;
  readonly checksCertificate: boolean;
}

const redirectsMax = 10;

/** Sends a request; `localhost` is the pod. */
async function fetchUrl(
  { container }: Pick<AsyncCall, 'container'>,
  asked: Fetch,
  redirects = 0,
): Promise<IncomingMessage> {
  const url = new URL(/^https?:\/\//.test(asked.url) ? asked.url : `http://${asked.url}`);
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const host = container.resolve(url.hostname.replace(/^\[|\]$/g, ''));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = open(
      {
        host,
        port: url.port === '' ? undefined : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method: asked.method,
        headers: { Host: url.host, Accept: '*/*', ...asked.headers },
        agent: false,
        rejectUnauthorized: asked.checksCertificate,
        ...(asked.timeoutMs > 0 ? { timeout: asked.timeoutMs } : {}),
      },
      resolve,
    );
    request.on('timeout', () => request.destroy(new Error('download timed out')));
    request.on('error', reject);
    request.end(asked.body ?? undefined);
  });
  const { location } = response.headers;
  const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0) && location !== undefined;
  if (!isRedirect || !asked.followsRedirects || redirects >= redirectsMax) return response;
  response.resume();
  return fetchUrl({ container }, { ...asked, url: new URL(location, url).href }, redirects + 1);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return "can't connect to remote host: Connection refused";
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'bad address';
  return message;
}

const wget: AsyncTool = async (call) => {
  const { flags, values, rest } = parseFlags(call.args, 'qSc', 'OTt', {
    timeout: 'T',
    tries: 't',
    quiet: 'q',
    spider: 'S',
    'no-check-certificate': 'c',
    'output-document': 'O',
    'post-data': 'p',
  });
  const [url] = rest;
  if (url === undefined) throw new UsageError('missing URL');
  const timeoutMs = Number(values.get('T') ?? 0) * 1_000;
  const asked = {
    url,
    method: 'GET',
    headers: {},
    body: null,
    timeoutMs,
    followsRedirects: true,
    checksCertificate: !flags.has('c'),
  };
  try {
    const response = await fetchUrl(call, asked);
    const status = response.statusCode ?? 0;
    if (status >= 400) {
      await call.stderr.write(`wget: server returned error: HTTP/1.1 ${status} ${response.statusMessage ?? ''}\n`);
      return 1;
    }
    if (call.args.includes('--spider')) return 0;
    const name =
      values.get('O') ??
      (posix.basename(new URL(/^https?:/.test(url) ? url : `http://${url}`).pathname) || 'index.html');
    const writer = name === '-' ? call.stdout : call.create(name);
    for await (const chunk of response) await writer.write(chunk as Uint8Array);
    writer.close();
    return 0;
  } catch (error) {
    await call.stderr.write(`wget: ${reasonOf(error)}\n`);
    return 1;
  }
};

const curlFlags = {
  silent: 's',
  fail: 'f',
  location: 'L',
  insecure: 'k',
  include: 'i',
  head: 'I',
  request: 'X',
  header: 'H',
  data: 'd',
  output: 'o',
  'max-time': 'm',
  'connect-timeout': 'm',
  'write-out': 'w',
  'show-error': 'S',
  verbose: 'v',
  user: 'u',
};

const curl: AsyncTool = async (call) => {
  const headers: Record<string, string> = {};
  for (const [index, arg] of call.args.entries()) {
    const header = arg === '-H' || arg === '--header' ? (call.args[index + 1] ?? '') : '';
    const colon = header.indexOf(':');
    if (colon > 0) headers[header.slice(0, colon)] = header.slice(colon + 1).trim();
  }
  const { flags, values, rest } = parseFlags(call.args, 'sSfLkiIv', 'XHdomwu', curlFlags);
  const [url] = rest;
  if (url === undefined) throw new UsageError('no URL specified');
  const data = values.get('d');
  const body = data === '@-' ? utf8Text(await call.input()) : (data ?? null);
  if (body !== null) headers['Content-Type'] ??= 'application/x-www-form-urlencoded';
  const user = values.get('u');
  if (user !== undefined) headers['Authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
  const method = values.get('X') ?? (flags.has('I') ? 'HEAD' : body === null ? 'GET' : 'POST');
  const timeoutMs = Number(values.get('m') ?? 0) * 1_000;
  try {
    const response = await fetchUrl(call, {
      url,
      method,
      headers,
      body,
      timeoutMs,
      followsRedirects: flags.has('L'),
      checksCertificate: !flags.has('k'),
    });
    const status = response.statusCode ?? 0;
    if (flags.has('f') && status >= 400) {
      if (!flags.has('s') || flags.has('S'))
        await call.stderr.write(`curl: (22) The requested URL returned error: ${status}\n`);
      return 22;
    }
    const output = values.get('o');
    const writer = output === undefined ? null : call.create(output);
    const target = writer ?? call.stdout;
    if (flags.has('i') || flags.has('I')) {
      const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      await target.write(`HTTP/1.1 ${status} ${response.statusMessage ?? ''}\r\n${lines.join('')}\r\n`);
    }
    for await (const chunk of response) await target.write(chunk as Uint8Array);
    writer?.close();
    await call.stdout.write((values.get('w') ?? '').replaceAll('%{http_code}', String(status)).replaceAll('\\n', '\n'));
    return 0;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!flags.has('s') || flags.has('S')) await call.stderr.write(`curl: ${reasonOf(error)}\n`);
    return code === 'ECONNREFUSED' ? 7 : code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 6 : timeoutMs > 0 ? 28 : 56;
  }
};

/** Connects to a port: `-z` only looks, otherwise input goes there and what comes is written. */
const nc: AsyncTool = async (call) => {
  const { flags, values, rest } = parseFlags(call.args, 'zv', 'w');
  const [host = '', port = ''] = rest;
  const socket = connect({ host: call.container.resolve(host), port: Number(port) });
  if (values.has('w')) socket.setTimeout(Number(values.get('w')) * 1_000, () => socket.destroy(new Error('timed out')));
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    if (flags.has('z')) return 0;
    call.input().then(
      (bytes) => socket.end(bytes),
      (error: Error) => socket.destroy(error),
    );
    for await (const chunk of socket) await call.stdout.write(chunk as Uint8Array);
    return 0;
  } catch (error) {
    await call.stderr.write(`nc: ${reasonOf(error)}\n`);
    return 1;
  } finally {
    socket.destroy();
  }
};

const nslookup: AsyncTool = async (call) => {
  const [name = ''] = call.args;
  try {
    const { address } = await lookup(call.container.resolve(name));
    await call.stdout.write(`Name:\t${name}\nAddress: ${address}\n`);
    return 0;
  } catch {
    await call.stderr.write(`nslookup: can't resolve '${name}'\n`);
    return 1;
  }
};

export const networkTools: Readonly<Record<string, AsyncTool>> = { wget, curl, nc, nslookup };
