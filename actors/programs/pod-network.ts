/**
 * The network of a pod, as the modules in a container's thread see it. A thread has no network namespace, so Node's own calls are led to where
 * the namespace would have led them:
 *
 *   listen(8080), listen(8080, '0.0.0.0'), listen(8080, 'localhost')   at the pod's address alone
 *   connect(8080), connect(8080, 'localhost')                          to the pod's address
 *   connect(6443, '127.0.0.1')                                         to the machine, where the API servers listen,
 *                                                                      unless this program itself listens at that port
 *   send(message, 8080)                                                to 127.0.0.1, or from a socket of IPv6 to ::1, which is the pod
 *
 * A port nobody named (`bind()` of a client that speaks UDP) stays as it is: from a loopback address it would reach nobody but this machine.
 * What names another address means it. It is no wall: threads and processes that a module starts have Node's own calls.
 */
import { Socket as Datagrams } from 'node:dgram';
import { Server, Socket } from 'node:net';

const anywhere: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);
const machine = '127.0.0.1';

/** Where listeners and connections of one container go. `address`: the pod's; `hostname`: its name. */
export class PodNetwork {
  readonly #address: string;
  readonly #hostname: string;
  /** Ports of this thread's own listeners, and how many have each. */
  readonly #ports = new Map<number, number>();

  constructor(address: string, hostname: string) {
    this.#address = address;
    this.#hostname = hostname;
  }

  /** Notes that this program listens at a port; the answer takes that back. */
  opened(port: number): () => void {
    this.#ports.set(port, (this.#ports.get(port) ?? 0) + 1);
    return () => {
      const left = (this.#ports.get(port) ?? 1) - 1;
      if (left === 0) this.#ports.delete(port);
      else this.#ports.set(port, left);
    };
  }

  /** Returns what to listen at for the host that was asked for. */
  listenHost(host: unknown): unknown {
    return this.#isPod(host) || host === machine ? this.#address : host;
  }

  /** Returns what to connect to. */
  connectHost(host: unknown, port: unknown): unknown {
    const isPod = this.#isPod(host) || (host === machine && this.#ports.has(Number(port)));
    return isPod ? this.#address : host;
  }

  /** Returns the arguments of net.Server.listen, bound to the pod; a path or a handle stays what it is. */
  listenArguments(args: readonly unknown[]): readonly unknown[] {
    const [first, second] = args;
    if (isOptions(first)) {
      if (!('port' in first) || first['fd'] !== undefined || (first['path'] && !isPortNumber(first['port'])))
        return args;
      const host = this.listenHost(first['host']);
      return [{ ...first, host, ...(host === this.#address ? { ipv6Only: false } : {}) }, ...args.slice(1)];
    }
    const isPort = first === undefined || first === null || typeof first === 'function' || isPortNumber(first);
    if (!isPort) return args;
    const port = isPortNumber(first) ? first : 0;
    const backlog = args.slice(1, 3).find((each) => typeof each === 'number');
    const options = { port, host: this.listenHost(second), ...(backlog === undefined ? {} : { backlog }) };
    const callback = args.at(-1);
    return typeof callback === 'function' ? [options, callback] : [options];
  }

  /** Returns the arguments of net.Socket.connect. Node's own `connect` hands over one list, options first, which is marked and so changed in place. */
  connectArguments(args: readonly unknown[]): readonly unknown[] {
    const [first, second] = args;
    if (Array.isArray(first)) {
      first.splice(0, 1, ...this.connectArguments(first.slice(0, 1)));
      return args;
    }
    if (isOptions(first)) {
      if (first['path']) return args;
      return [{ ...first, host: this.connectHost(first['host'], first['port']) }, ...args.slice(1)];
    }
    if (!isPortNumber(first)) return args;
    const rest = args.slice(typeof second === 'string' ? 2 : 1);
    return [{ port: first, host: this.connectHost(second, first) }, ...rest];
  }

  /** Returns the arguments of dgram.Socket.connect. */
  datagramConnectArguments(args: readonly unknown[], type: unknown): readonly unknown[] {
    const [port, asked] = args;
    const host = typeof asked === 'string' ? asked : defaultHost(type);
    const callback = args.at(-1);
    const to = asDatagram(this.connectHost(host, port), this.#address, type);
    return [port, to, ...(typeof callback === 'function' ? [callback] : [])];
  }

  /** Returns the arguments of dgram.Socket.bind. A socket of IPv6 has the pod's address as that family writes it. */
  bindArguments(args: readonly unknown[], type: unknown): readonly unknown[] {
    const [first, second] = args;
    const asked = isOptions(first) ? first : { port: first, address: second };
    if (asked['fd'] !== undefined || Number(asked['port'] ?? 0) === 0 || !isPortNumber(asked['port'])) return args;
    const callback = args.at(-1);
    const options = { ...asked, address: asDatagram(this.listenHost(asked['address']), this.#address, type) };
    return typeof callback === 'function' ? [options, callback] : [options];
  }

  /** Returns the arguments of dgram.Socket.send for one that is not connected: (message, [offset, length,] port, [address,] [callback]). */
  sendArguments(args: readonly unknown[], type: unknown): readonly unknown[] {
    const hasOffset = typeof args[2] === 'number';
    const at = hasOffset ? 3 : 1;
    const port = args[at];
    if (!isPortNumber(port)) return args;
    const asked = typeof args[at + 1] === 'string' ? args[at + 1] : defaultHost(type);
    const host = asDatagram(this.connectHost(asked, port), this.#address, type);
    const callback = args.at(-1);
    return [...args.slice(0, at + 1), host, ...(typeof callback === 'function' ? [callback] : [])];
  }

  #isPod(host: unknown): boolean {
    if (typeof host !== 'string') return true;
    return anywhere.has(host) || host === 'localhost' || host === '::1' || host === this.#hostname;
  }
}

/** Leads what this thread listens at and connects to into its pod's network, from now on. */
export function confineToPod(address: string, hostname: string): void {
  confineStreams(new PodNetwork(address, hostname));
  confineDatagrams(new PodNetwork(address, hostname));
}

function confineStreams(network: PodNetwork): void {
  const { listen } = Server.prototype;
  function notePort(this: Server): void {
    const bound = this.address();
    if (typeof bound === 'object' && bound !== null) this.once('close', network.opened(bound.port));
  }
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    onceListening(this, notePort);
    return Reflect.apply(listen, this, network.listenArguments(args)) as Server;
  } as typeof listen;
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    return Reflect.apply(connect, this, network.connectArguments(args)) as Socket;
  } as typeof connect;
}

/** Node tells a socket's family; its types do not. */
type Typed = Datagrams & { readonly type?: string };

function confineDatagrams(network: PodNetwork): void {
  const { bind, connect, send } = Datagrams.prototype;
  function notePort(this: Typed): void {
    this.once('close', network.opened(this.address().port));
  }
  Datagrams.prototype.bind = function (this: Typed, ...args: unknown[]): Datagrams {
    onceListening(this, notePort);
    return Reflect.apply(bind, this, network.bindArguments(args, this.type)) as Datagrams;
  } as typeof bind;
  Datagrams.prototype.connect = function (this: Typed, ...args: unknown[]): void {
    Reflect.apply(connect, this, network.datagramConnectArguments(args, this.type));
  } as typeof connect;
  Datagrams.prototype.send = function (this: Typed, ...args: unknown[]): void {
    Reflect.apply(send, this, network.sendArguments(args, this.type));
  } as typeof send;
}

/** Calls `note` when it listens. Of one that could not listen yet and tries again it is asked once. */
function onceListening(listener: Server | Datagrams, note: () => void): void {
  if (!listener.listeners('listening').includes(note)) listener.once('listening', note);
}

/** Where datagrams go whose sender names no host: a socket of IPv6 cannot write to an address of IPv4. */
function defaultHost(type: unknown): string {
  return type === 'udp6' ? '::1' : machine;
}

function asDatagram(host: unknown, own: string, type: unknown): unknown {
  return type === 'udp6' && host === own && !own.includes(':') ? `::ffff:${own}` : host;
}

function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPortNumber(value: unknown): value is number | string {
  return typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value));
}
