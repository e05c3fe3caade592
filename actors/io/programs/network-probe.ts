/** Looks at ports as a kubelet's probes do: connects for real. Models kubernetes pkg/probe/{http,tcp,grpc}. */
import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { ProbeAction } from '../../../src/actor/programs-port.ts';
import { concatBytes, utf8 } from '../../../src/base/bytes.ts';
import { boundAddress } from './addresses.ts';

export interface ProbeVerdict {
  readonly isSuccessful: boolean;
  readonly message: string;
}

/** Carries out a probe within `timeoutMs`; never rejects. `address`: the pod's. */
export function probeNetwork(probe: ProbeAction, address: string | null, timeoutMs: number): Promise<ProbeVerdict> {
  const own = boundAddress(address);
  // A probe of the pod's address means the one that its programs really have.
  const host = probe.type === 'grpc' || probe.host === '' || probe.host === address ? own : probe.host;
  switch (probe.type) {
    case 'http':
      return probeHttp(probe, host, timeoutMs);
    case 'tcp':
      return probeTcp(host, probe.port, timeoutMs);
    case 'grpc':
      return probeGrpc(host, probe.port, probe.service, timeoutMs);
  }
}

function probeHttp(
  { port, path, isTls, headers }: Extract<ProbeAction, { type: 'http' }>,
  host: string,
  timeoutMs: number,
): Promise<ProbeVerdict> {
  const sent = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
  const options = {
    host,
    port,
    path: path.startsWith('/') ? path : `/${path}`,
    headers: { 'User-Agent': 'kube-probe/1.36', Accept: '*/*', ...sent },
    agent: false,
    rejectUnauthorized: false,
  };
  return new Promise((resolve) => {
    const open = isTls ? httpsRequest : httpRequest;
    const url = `${isTls ? 'https' : 'http'}://${host}:${port}${options.path}`;
    const timer = setTimeout(() => {
      request.destroy();
      resolve(failed(`Get "${url}": context deadline exceeded`));
    }, timeoutMs);
    const request = open(options, (response) => {
      clearTimeout(timer);
      response.destroy();
      const status = response.statusCode ?? 0;
      const isSuccessful = status >= 200 && status < 400;
      resolve({ isSuccessful, message: isSuccessful ? '' : `HTTP probe failed with statuscode: ${status}` });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(failed(`Get "${url}": ${described(error, host, port)}`));
    });
    request.end();
  });
}

function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeVerdict> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(failed(`dial tcp ${host}:${port}: i/o timeout`));
    }, timeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ isSuccessful: true, message: '' });
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      resolve(failed(described(error, host, port)));
    });
  });
}

const serving = 1;

/** Asks the standard health service; the two messages are short enough to be written and read by hand. */
function probeGrpc(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeVerdict> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${host}:${port}`);
    const finish = (verdict: ProbeVerdict): void => {
      clearTimeout(timer);
      session.destroy();
      resolve(verdict);
    };
    const timer = setTimeout(() => {
      finish(failed(`timeout: failed to connect service "${host}:${port}" within ${timeoutMs}ms`));
    }, timeoutMs);
    session.on('error', (error) => finish(failed(described(error, host, port))));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const parts: Buffer[] = [];
    let status = '0';
    stream.on('response', (headers) => (status = String(headers['grpc-status'] ?? status)));
    stream.on('trailers', (trailers) => (status = String(trailers['grpc-status'] ?? status)));
    stream.on('data', (bytes: Buffer) => parts.push(bytes));
    stream.on('error', (error) => finish(failed(described(error, host, port))));
    stream.on('end', () => {
      const answer = Buffer.concat(parts).subarray(framePrefixBytes);
      if (status !== '0') finish(failed(`service unhealthy: rpc error: code = ${status}`));
      else if (answer[0] === 0x08 && answer[1] === serving) finish({ isSuccessful: true, message: '' });
      else finish(failed(`service unhealthy (responded with "${answer[1] ?? 0}")`));
    });
    stream.end(healthRequest(service));
  });
}

const framePrefixBytes = 5;

function healthRequest(service: string): Uint8Array {
  const name = utf8(service);
  const body = name.length === 0 ? name : concatBytes([new Uint8Array([0x0a, name.length]), name]);
  const prefix = new Uint8Array(framePrefixBytes);
  new DataView(prefix.buffer).setUint32(1, body.length);
  return concatBytes([prefix, body]);
}

function failed(message: string): ProbeVerdict {
  return { isSuccessful: false, message };
}

function described({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  return code === 'ECONNREFUSED' ? `dial tcp ${host}:${port}: connect: connection refused` : message;
}
