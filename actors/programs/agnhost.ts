/**
 * `threemaster/agnhost`: the commands of Kubernetes' test image that its own tests use most: netexec, pause, connect, serve-hostname,
 * logs-generator. Models kubernetes test/images/agnhost.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { readerOf, writerTo } from '../../src/shell/streams.ts';
import type { Container } from './container.ts';
import { answer, endPolitely, option, serve } from './http-serving.ts';
import { runScript } from './run-tool.ts';

export async function agnhost(container: Container): Promise<number | void> {
  const [name = 'pause', ...rest] = container.args[0] === '/agnhost' ? container.args.slice(1) : container.args;
  switch (name) {
    case 'pause':
      return pause(container);
    case 'netexec':
      return netexec(container, rest);
    case 'connect':
      return connectTo(container, rest);
    case 'serve-hostname':
      return serveHostname(container, rest);
    case 'logs-generator':
      return generateLogs(container, rest);
    default:
      container.stderr.write(
        `agnhost: unknown command "${name}"; there are pause, netexec, connect, serve-hostname, logs-generator\n`,
      );
      return 1;
  }
}

const dayMs = 86_400_000;

function pause(container: Container): void {
  container.onSignal(() => container.exit(0));
  container.stdout.write('Paused\n');
  setInterval(() => {}, dayMs);
}

async function netexec(container: Container, args: readonly string[]): Promise<void> {
  const port = Number(option(args, 'http-port') ?? 8_080);
  const startedMs = Date.now();
  const server = await serve(container, port, async (_request, url, response) => {
    const { searchParams } = url;
    switch (url.pathname) {
      case '/':
        return answer(response, 200, `NOW: ${new Date().toISOString()}`);
      case '/hostname':
      case '/hostName':
        return answer(response, 200, container.hostname);
      case '/healthz':
        return answer(response, 200, 'ok');
      case '/clientip':
        return answer(response, 200, `${response.socket?.remoteAddress ?? ''}:${response.socket?.remotePort ?? 0}`);
      case '/echo':
        return answer(response, Number(searchParams.get('code') ?? 200), searchParams.get('msg') ?? '');
      case '/header':
        return answer(response, 200, String(_request.headers[(searchParams.get('key') ?? '').toLowerCase()] ?? ''));
      case '/exit':
        return exitSoon(container, searchParams);
      case '/shell':
        return runShell(container, searchParams.get('shellCommand') ?? searchParams.get('cmd') ?? '', (text) =>
          answer(response, 200, text, 'application/json'),
        );
      case '/uptime':
        return answer(response, 200, `${(Date.now() - startedMs) / 1_000}s`);
      default:
        return answer(response, 404, 'not found');
    }
  });
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const text = message.toString('utf8').trim().toLowerCase();
    const reply =
      text === 'hostname' ? container.hostname : text.startsWith('echo ') ? message.toString('utf8').slice(5) : '';
    socket.send(reply, from.port, from.address);
  });
  const udpPort = Number(option(args, 'udp-port') ?? 8_081);
  if (udpPort > 0) socket.bind(udpPort, container.address);
  endPolitely(container, [server, { close: (done: () => void) => (udpPort > 0 ? socket.close(done) : done()) }]);
  container.stdout.write(`Started HTTP server on port ${port}\n`);
}

async function exitSoon(container: Container, parameters: URLSearchParams): Promise<void> {
  await delay(Number.parseFloat(parameters.get('wait') ?? '0') * 1_000);
  container.exit(Number(parameters.get('code') ?? 0));
}

async function runShell(container: Container, command: string, tell: (text: string) => void): Promise<void> {
  const [output, errors]: [Uint8Array[], Uint8Array[]] = [[], []];
  const code = await runScript(container, command, {
    stdin: readerOf(new Uint8Array(0)),
    stdout: writerTo((bytes) => output.push(bytes)),
    stderr: writerTo((bytes) => errors.push(bytes)),
  });
  const error = Buffer.concat(errors).toString('utf8') + (code === 0 ? '' : `exit status ${code}`);
  tell(JSON.stringify({ output: Buffer.concat(output).toString('utf8'), ...(error === '' ? {} : { error }) }));
}

async function connectTo(container: Container, args: readonly string[]): Promise<number> {
  const target = args.find((arg) => !arg.startsWith('--')) ?? '';
  const colon = target.lastIndexOf(':');
  const timeoutMs = durationMs(option(args, 'timeout') ?? '0s');
  const outcome = await new Promise<string>((resolve) => {
    const socket = connect({ host: container.resolve(target.slice(0, colon)), port: Number(target.slice(colon + 1)) });
    if (timeoutMs > 0) socket.setTimeout(timeoutMs, () => resolve('TIMEOUT'));
    socket.once('connect', () => resolve(''));
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' ? 'REFUSED' : code === 'ENOTFOUND' ? 'DNS' : 'OTHER'),
    );
  });
  if (outcome === '') return 0;
  container.stderr.write(`${outcome}\n`);
  return 1;
}

async function serveHostname(container: Container, args: readonly string[]): Promise<void> {
  const port = Number(option(args, 'port') ?? 9_376);
  const server = await serve(container, port, (_request, _url, response) => answer(response, 200, container.hostname));
  endPolitely(container, [server]);
  container.stdout.write(`Serving on port ${port}.\n`);
}

async function generateLogs({ stdout }: Container, args: readonly string[]): Promise<number> {
  const total = Number(option(args, 'log-lines-total') ?? 1);
  const intervalMs = durationMs(option(args, 'run-duration') ?? '0s') / Math.max(1, total);
  for (let line = 0; line < total; line += 1) {
    stdout.write(
      `${new Date().toISOString()} ${line} GET /api/v1/namespaces/default/pods/pod-${line % 97} ${200 + (line % 3) * 100}\n`,
    );
    if (intervalMs > 0) await delay(intervalMs);
  }
  return 0;
}

/** `1m30s`, `500ms`. */
function durationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  return [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0),
    0,
  );
}
