/** Answers to requests for an upgrade: Node gives their socket away, so nobody but us writes what HTTP has to say on it. */
import type { Socket } from 'node:net';
import type { HttpHeaders } from '../../src/actor/listener-port.ts';

export function writeRawHead(socket: Socket, status: number, headers: HttpHeaders): void {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}\r\n`),
  );
  const phrase = status === 101 ? 'Switching Protocols' : 'Refused';
  socket.write(`HTTP/1.1 ${status} ${phrase}\r\n${lines.join('')}\r\n`);
}

/** Writes a whole answer; the connection is for the caller to end. */
export function writeRawAnswer(socket: Socket, status: number, headers: HttpHeaders, body: Uint8Array): void {
  writeRawHead(socket, status, { ...headers, 'content-length': String(body.length), connection: 'close' });
  socket.write(body);
}
