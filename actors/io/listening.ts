/** What servers of TCP have in common, whatever is spoken on them. */
import type { Server, Socket } from 'node:net';

export interface Listening {
  readonly type: 'listening';
  readonly host: string;
  readonly port: number;
}

/** Lets a server listen; port 0 is any free one. `failed` is told why it cannot, and what else befalls the server itself. */
export function listenAt(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  listening: (event: Listening) => void,
  failed: (message: string) => void,
): void {
  server.on('error', (error) => failed(error.message));
  server.listen(port, host, () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') listening({ type: 'listening', host, port: address.port });
  });
}

/** The connections of a server: closing it ends none of them, and it must not wait for whoever stays. */
export class OpenSockets {
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      // Nagle's algorithm and delayed acknowledgements together cost a small write 40 ms.
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
