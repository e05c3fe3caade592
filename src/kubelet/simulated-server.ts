/**
 * A port of a simulated container: it answers every HTTP/1.1 request with 200 and one line that says who answered. Nobody should take it for
 * the program that the image would have been.
 */
import { concatBytes, emptyBytes, ownBytes, utf8, utf8Text } from '../base/bytes.ts';
import type { SessionItem } from '../protocol/runtime.ts';
import type { Program } from './program.ts';

const headBytesMax = 64 * 1024;

export class SimulatedServer implements Program {
  readonly #line: string;
  readonly #output: SessionItem[] = [];
  #head: Uint8Array = emptyBytes;
  /** Bytes of a request's body that are still to come; they are passed over. */
  #bodyBytesLeft = 0;
  #isClosing = false;

  /** `who` names the container and its pod. */
  constructor(who: string) {
    this.#line = `simulated container ${who}`;
  }

  get dueAtMs(): number {
    return this.#output.length > 0 || this.#isClosing ? 0 : Number.POSITIVE_INFINITY;
  }

  get wantsInput(): boolean {
    return this.#output.length === 0;
  }

  read(): SessionItem | null {
    return this.#output.shift() ?? (this.#isClosing ? { type: 'exited', exitCode: 0 } : null);
  }

  write(bytes: Uint8Array, isEnd: boolean): void {
    let rest = bytes;
    while (rest.length > 0 && !this.#isClosing)
      rest = this.#bodyBytesLeft > 0 ? this.#skipBody(rest) : this.#takeHead(rest);
    this.#isClosing ||= isEnd;
  }

  #skipBody(bytes: Uint8Array): Uint8Array {
    const skipped = Math.min(bytes.length, this.#bodyBytesLeft);
    this.#bodyBytesLeft -= skipped;
    return bytes.subarray(skipped);
  }

  #takeHead(bytes: Uint8Array): Uint8Array {
    const known = this.#head.length;
    const all = concatBytes([this.#head, bytes]);
    const end = endOfHead(all);
    if (end === -1) {
      this.#head = all;
      if (all.length > headBytesMax) this.#answer('431 Request Header Fields Too Large', 'GET', '', true);
      return emptyBytes;
    }
    this.#head = emptyBytes;
    this.#handle(utf8Text(all.subarray(0, end)));
    return ownBytes(bytes.subarray(end - known));
  }

  #handle(head: string): void {
    const [first = '', ...lines] = head.split(/\r?\n/);
    const request = /^([A-Z]+) (\S+) HTTP\/1\.([01])$/.exec(first);
    if (request === null) return this.#answer('400 Bad Request', 'GET', '', true);
    const [, method = '', target = '', minor = ''] = request;
    const valueOf = (name: string): string =>
      lines
        .find((line) => line.toLowerCase().startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim() ?? '';
    const length = Number(valueOf('content-length') || 0);
    // The end of a body in chunks would have to be looked for: the connection ends instead.
    const isLast =
      minor === '0' ||
      valueOf('connection').toLowerCase() === 'close' ||
      valueOf('transfer-encoding') !== '' ||
      !Number.isSafeInteger(length) ||
      length < 0;
    if (!isLast) this.#bodyBytesLeft = length;
    return this.#answer('200 OK', method, target, isLast);
  }

  #answer(status: string, method: string, target: string, isLast: boolean): void {
    const body = `${this.#line}: ${method} ${target}\n`;
    const head = [
      `HTTP/1.1 ${status}`,
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${utf8(body).length}`,
      ...(isLast ? ['Connection: close'] : []),
    ];
    const text = `${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`;
    this.#output.push({ type: 'stdout', bytes: utf8(text) });
    this.#isClosing ||= isLast;
  }
}

/** Returns where the body begins; -1 while the head is not complete. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return -1;
}
