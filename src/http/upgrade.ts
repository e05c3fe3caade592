/** Which protocol an upgraded connection speaks: chosen from what the client offers, with the wire that speaks it. */
import { badRequest } from '../api/status-errors.ts';
import { ChannelCommandWire, ChannelForwardWire } from './channel-wire.ts';
import { flagOf, type Query } from './query.ts';
import { SpdyCommandWire, SpdyForwardWire } from './spdy-wire.ts';
import type { Wire } from './wire.ts';

export type Handshake =
  /** `subprotocol` is empty when the client offers none. */
  | { readonly to: 'websocket'; readonly subprotocol: string }
  /** The headers of the answer 101. */
  | { readonly to: 'bytes'; readonly headers: Readonly<Record<string, string>> };

export interface Upgrade {
  readonly handshake: Handshake;
  readonly wire: Wire;
}

const commandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];
const forwardChannels = ['v4.channel.k8s.io', 'channel.k8s.io'];
const forwardProtocol = 'portforward.k8s.io';
const tunnelProtocol = `SPDY/3.1+${forwardProtocol}`;

/** Chooses for `subresource`: exec, attach or portforward. Headers have lower-case names. Throws StatusError BadRequest. */
export function chooseUpgrade(headers: Readonly<Record<string, string>>, subresource: string, query: Query): Upgrade {
  const upgrade = (headers['upgrade'] ?? '').toLowerCase();
  const isForward = subresource === 'portforward';
  if (upgrade === 'websocket') {
    const offered = listOf(headers['sec-websocket-protocol']);
    return isForward ? forwardByWebSocket(offered, query) : commandByWebSocket(offered, query);
  }
  if (upgrade !== 'spdy/3.1') throw badRequest('Upgrade request required');
  const offered = listOf(headers['x-stream-protocol-version']);
  const supported = isForward ? [forwardProtocol] : commandProtocols;
  const chosen = supported.find((protocol) => offered.includes(protocol));
  if (chosen === undefined) {
    throw badRequest(`unable to upgrade: none of the protocols is supported; supported: ${supported.join(', ')}`);
  }
  const answer = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': chosen };
  const wire = isForward ? new SpdyForwardWire() : new SpdyCommandWire(versionOf(chosen), streamsOf(query));
  return { handshake: { to: 'bytes', headers: answer }, wire };
}

function commandByWebSocket(offered: readonly string[], query: Query): Upgrade {
  const chosen = chooseSubprotocol(offered, commandProtocols);
  const wire = new ChannelCommandWire(versionOf(chosen), streamsOf(query));
  return { handshake: { to: 'websocket', subprotocol: chosen }, wire };
}

function forwardByWebSocket(offered: readonly string[], query: Query): Upgrade {
  if (offered.includes(tunnelProtocol)) {
    return { handshake: { to: 'websocket', subprotocol: tunnelProtocol }, wire: new SpdyForwardWire() };
  }
  const subprotocol = chooseSubprotocol(offered, forwardChannels);
  return { handshake: { to: 'websocket', subprotocol }, wire: new ChannelForwardWire(portsOf(query)) };
}

/** Throws StatusError BadRequest. */
function chooseSubprotocol(offered: readonly string[], supported: readonly string[]): string {
  if (offered.length === 0) return '';
  const chosen = supported.find((protocol) => offered.includes(protocol));
  if (chosen === undefined) throw badRequest(`unable to upgrade: unsupported subprotocols ${offered.join(', ')}`);
  return chosen;
}

/** Throws StatusError BadRequest. The channels of a message are numbered by one byte, two to a port. */
function portsOf(query: Query): readonly number[] {
  const ports = (query.get('ports') ?? []).flatMap((text) => text.split(',')).map(Number);
  if (ports.length === 0) throw badRequest('query parameter "ports" is required');
  const isValid = ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536);
  if (!isValid || ports.length > 128) throw badRequest('query parameter "ports" must name ports from 1 to 65535');
  return ports;
}

function streamsOf(query: Query): { stdin: boolean; stdout: boolean; stderr: boolean; tty: boolean } {
  const tty = flagOf(query, 'tty');
  const stderr = flagOf(query, 'stderr') && !tty;
  return { stdin: flagOf(query, 'stdin'), stdout: flagOf(query, 'stdout'), stderr, tty };
}

function versionOf(protocol: string): number {
  return Number(/^v(\d)/.exec(protocol)?.[1] ?? 1);
}

function listOf(header: string | undefined): readonly string[] {
  return (header ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
}
