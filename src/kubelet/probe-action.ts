/** What the runtime is asked to look at for a probe or a hook. Models kubernetes pkg/probe and pkg/kubelet/prober/prober.go. */
import type { IntOrString } from '../api/int-or-string.ts';
import type { Container, Handler, Probe } from '../kinds/pod/types.ts';
import type { ProbeAction } from '../protocol/runtime.ts';
import { addressOf, type PodScope } from './pod-surroundings.ts';

/** Translates a handler that looks at the network; null for one that says nothing. */
export function probeActionOf(
  handler: Handler & Pick<Probe, 'grpc'>,
  container: Container,
  scope: PodScope,
): ProbeAction | null {
  const address = addressOf(scope);
  if (handler.httpGet !== undefined) {
    const { host, port, path = '/', scheme, httpHeaders = [] } = handler.httpGet;
    return {
      type: 'http',
      host: host === undefined || host === '' ? address : host,
      port: portNumber(port, container),
      path,
      isTls: scheme === 'HTTPS',
      headers: httpHeaders,
    };
  }
  if (handler.tcpSocket !== undefined) {
    const { host, port } = handler.tcpSocket;
    return { type: 'tcp', host: host === undefined || host === '' ? address : host, port: portNumber(port, container) };
  }
  if (handler.grpc !== undefined) return { type: 'grpc', port: handler.grpc.port, service: handler.grpc.service ?? '' };
  return null;
}

function portNumber(port: IntOrString, container: Container): number {
  if (typeof port === 'number') return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
}
