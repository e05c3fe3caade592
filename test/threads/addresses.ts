/** The addresses of this machine, and whether anything answers there. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Returns what a pod's port must not be reached at: 127.0.0.1, and all that the interfaces of the machine have. */
export function otherAddresses(): readonly string[] {
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    // An address that holds for one link only is complete with the link's name.
    addresses.map(({ address, scopeid }: { address: string; scopeid?: number }) =>
      scopeid === undefined || scopeid === 0 ? address : `${address}%${name}`,
    ),
  );
  return [...new Set(['127.0.0.1', ...found])];
}

/** Resolves with a port that nobody has at any address. */
export async function portFreeEverywhere(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves with `answers`, or with the code of what refused a connection. */
export function reach(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, address, () => {
      socket.destroy();
      resolve('answers');
    });
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(code));
  });
}
