/** Requests to registries over HTTP. What an answer means, src/registry decides. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { RegistryAnswer, RegistryRequest } from '../../../src/registry/exchange.ts';
import { manifestBytesMax } from '../../../src/registry/limits.ts';

const answerTimeoutMs = 30_000;
/** What the slowest line that is waited for carries. */
const bodyBytesPerMsMin = 100;

/** Says how long an answer is waited for: the longer the more goes there before. */
export function timeoutMsOf(body: Uint8Array | undefined): number {
  return answerTimeoutMs + Math.ceil((body?.length ?? 0) / bodyBytesPerMsMin);
}

/** Carries out a request whose answer is small; never rejects. */
export async function request(asked: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
  return tell(asked, async () => {
    const response = await send(asked, AbortSignal.any([signal, AbortSignal.timeout(timeoutMsOf(asked.body))]));
    return answerOf(response);
  });
}

/** Writes the body of a good answer to a file, at most `bytesMax` of it; null then. Never rejects. */
export async function download(
  asked: RegistryRequest,
  file: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<RegistryAnswer | null> {
  return tell(asked, async () => {
    const response = await send(asked, signal);
    if (response.status !== 200 || response.body === null) return answerOf(response);
    const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    await pipeline(body, bounded(bytesMax), createWriteStream(file, { mode: 0o600 }), { signal });
    return null;
  });
}

function send({ method, url, headers, body }: RegistryRequest, signal: AbortSignal): Promise<Response> {
  return fetch(url, { method, headers: { ...headers }, signal, ...(body === undefined ? {} : { body }) });
}

async function answerOf(response: Response): Promise<RegistryAnswer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > manifestBytesMax) throw new Error(`the answer has more than ${manifestBytesMax} bytes`);
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  return { type: 'response', status: response.status, headers: Object.fromEntries(response.headers), body, digest };
}

async function tell<Answer>(
  { url }: RegistryRequest,
  work: () => Promise<Answer>,
): Promise<Answer | { readonly type: 'failed'; readonly message: string }> {
  try {
    return await work();
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    return { type: 'failed', message: `${url}: ${reason}` };
  }
}

function bounded(bytesMax: number): Transform {
  let bytes = 0;
  return new Transform({
    transform: (part: Uint8Array, _encoding, done) => {
      bytes += part.length;
      if (bytes > bytesMax) done(new Error(`there are more than the ${bytesMax} bytes that the manifest tells`));
      else done(null, part);
    },
  });
}
