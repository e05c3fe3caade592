/** The Relay port on node:net. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Port } from '../../src/actor/ports.ts';
import type { RelayCommand, RelayEvent } from '../../src/actor/relay-port.ts';
import { unreachable } from '../../src/base/assert.ts';
import { listenAt } from './listening.ts';

type Emit = (event: RelayEvent) => void;

export function openTcpRelay(emit: (event: unknown) => void): Port {
  const relay = new TcpRelay(emit as Emit);
  return { handle: (command) => relay.handle(command as RelayCommand), close: () => relay.close() };
}

interface Connection {
  readonly client: Socket;
  backend: string;
  server: Socket | null;
}

class TcpRelay {
  readonly #emit: Emit;
  readonly #connections = new Map<number, Connection>();
  #server: Server | undefined;
  #lastConnection = 0;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  handle(command: RelayCommand): void {
    switch (command.type) {
      case 'listen':
        return this.#listen(command);
      case 'join':
        return this.#join(command);
      case 'refuse':
        this.#connections.get(command.connection)?.client.resetAndDestroy();
        return;
      case 'reset':
        for (const connection of this.#connections.values())
          if (connection.backend === command.backend) reset(connection);
        return;
      default:
        return unreachable(command);
    }
  }

  close(): void {
    this.#server?.close();
    for (const connection of this.#connections.values()) reset(connection);
  }

  #listen(command: Extract<RelayCommand, { type: 'listen' }>): void {
    // Half-open connections are kept: a client may send its end and still wait for the answer.
    const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (client) =>
      this.#accept(client),
    );
    this.#server = server;
    listenAt(server, command, this.#emit, (message) => this.#emit({ type: 'failed', message }));
  }

  #accept(client: Socket): void {
    this.#lastConnection += 1;
    const connection = this.#lastConnection;
    const entry: Connection = { client, backend: '', server: null };
    this.#connections.set(connection, entry);
    client.on('error', () => reset(entry));
    client.on('close', () => {
      this.#connections.delete(connection);
      entry.server?.destroy();
    });
    this.#emit({ type: 'accepted', connection });
  }

  #join({ connection, backend, host, port }: Extract<RelayCommand, { type: 'join' }>): void {
    const entry = this.#connections.get(connection);
    if (entry === undefined) return;
    const server = connect({ host, port, noDelay: true, allowHalfOpen: true });
    entry.backend = backend;
    entry.server = server;
    server.on('error', () => reset(entry));
    server.on('close', () => entry.client.destroy());
    server.on('connect', () => {
      entry.client.pipe(server);
      server.pipe(entry.client);
    });
  }
}

function reset({ client, server }: Connection): void {
  client.resetAndDestroy();
  server?.resetAndDestroy();
}
