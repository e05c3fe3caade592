/** The control address of a cluster that the command started: HTTP on loopback, for whoever holds its token. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ControlCommand, controlBodyMax, controlPath, parseControlCommand } from '../../src/cli/control.ts';
import { listenHost } from './blueprint.ts';
import type { Cluster } from './cluster.ts';
import { MembershipError } from './membership-error.ts';
import { ClusterOptionsError } from './options.ts';

export interface ControlServer {
  readonly url: string;
  readonly token: string;
  close(): void;
}

/** Takes commands for `cluster`. `onStop` is called when somebody asks for its end; the answer has gone out by then. */
export async function serveControl(cluster: Cluster, onStop: () => void): Promise<ControlServer> {
  const token = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    void answer(cluster, token, request, response, onStop);
  });
  server.listen(0, listenHost);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${listenHost}:${port}${controlPath}`,
    token,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  cluster: Cluster,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
  onStop: () => void,
): Promise<void> {
  if (!isSame(request.headers.authorization ?? '', `Bearer ${token}`))
    return end(response, 401, { error: 'wrong token' });
  if (request.method !== 'POST' || request.url !== controlPath) return end(response, 404, { error: 'not found' });
  const body = await readBody(request);
  if (body === null) return end(response, 413, { error: `a command has at most ${controlBodyMax} bytes` });
  const parsed = parseControlCommand(body);
  if (parsed.type === 'malformed') return end(response, 400, { error: parsed.message });
  try {
    end(response, 200, await carryOut(cluster, parsed.command));
  } catch (error) {
    end(response, statusOf(error), { error: (error as Error).message });
  }
  if (parsed.command.type === 'stop') onStop();
}

function statusOf(error: unknown): number {
  if (error instanceof MembershipError) return 409;
  return error instanceof ClusterOptionsError ? 400 : 500;
}

async function carryOut(cluster: Cluster, command: ControlCommand): Promise<object> {
  switch (command.type) {
    case 'status':
      return cluster.status();
    case 'kill':
      await cluster.kill(command.member);
      return {};
    case 'pause':
      await cluster.pause(command.member, command.forMs === null ? {} : { forMs: command.forMs });
      return {};
    case 'resume':
      await cluster.resume(command.member);
      return {};
    case 'restart':
      await cluster.restart(command.member);
      return {};
    case 'partition':
      await cluster.partition(...command.groups);
      return {};
    case 'heal':
      await cluster.heal();
      return {};
    case 'addMaster':
      return { member: (await cluster.addMaster()).name };
    case 'removeMaster':
      await cluster.removeMaster(command.member);
      return {};
    case 'stop':
      return {};
  }
}

/** Null when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > controlBodyMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isSame(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function end(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify(body));
}
