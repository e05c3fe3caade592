/**
 * Sends the writes of a plan to an API server and reads the answers. Stays with one server as long as it answers, and moves on when it does
 * not; a write is sent again only if it certainly was not handled.
 */
import { type AskOutcome, type AskStep, question } from '../../src/actor/flow.ts';
import type { Status } from '../../src/api/status.ts';
import { must } from '../../src/base/assert.ts';
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import type { Write } from '../../src/controllers/plan.ts';
import type {
  ApiResponse,
  ApiServerProtocol,
  Credentials,
  Fence,
  OutputForm,
  RequestBody,
} from '../../src/protocol/apiserver.ts';

/** How long a call may take. Shorter than a client's: a controller that waits does not act. */
const callTimeoutMs = 5_000;

/** The cause that an API server gives for a refused fence. */
const fenceLost = 'FenceLost';

export type Answer =
  | { readonly type: 'accepted'; readonly object: unknown }
  | { readonly type: 'refused'; readonly status: Status }
  /** The server did not answer: nobody knows whether it acted, unless `definite`. */
  | { readonly type: 'silent'; readonly status: Status; readonly definite: boolean }
  | { readonly type: 'fenceLost' };

export interface DeskOptions {
  readonly servers: readonly string[];
  readonly credentials: Credentials;
  readonly userAgent: string;
  readonly fence: Fence | null;
}

export class ApiDesk {
  readonly #options: DeskOptions;
  #server = 0;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  get server(): string {
    const { servers } = this.#options;
    return must(servers[this.#server % servers.length], 'an API server');
  }

  /** Leaves `server` for the next, if it is the present one. */
  leave(server: string): void {
    if (this.server === server) this.#server += 1;
  }

  /** The question that carries a write. Reads are not fenced, and of premises only the metadata is read. */
  question(write: Write, output: OutputForm = write.verb === 'get' ? 'metadata' : 'object'): AskStep {
    const { group, version, resource } = write.resource;
    const { credentials, userAgent, fence } = this.#options;
    return question<ApiServerProtocol['asks'], 'call'>(
      this.server,
      'call',
      {
        type: 'resource',
        verb: write.verb,
        group,
        version,
        resource,
        subresource: write.subresource,
        namespace: write.namespace,
        name: write.name,
        parameters: write.parameters,
        output,
        body: bodyOf(write),
        credentials,
        userAgent,
        fence: write.verb === 'get' ? null : fence,
      },
      callTimeoutMs,
    );
  }
}

function bodyOf({ body, patch }: Write): RequestBody | null {
  return body === null ? null : { encoding: 'json', patch, bytes: utf8(JSON.stringify(body)) };
}

export function readAnswer(write: Write, outcome: AskOutcome<ApiResponse>): Answer {
  if (outcome.type === 'failed') {
    const { code, definite } = outcome.failure;
    const message = `the API server did not answer: ${code}`;
    return { type: 'silent', status: failureStatus(504, 'Timeout', message), definite };
  }
  const { status, bytes } = outcome.reply;
  const isGood = status < 300 || write.accepts.includes(status);
  const object = parse(bytes);
  if (status === 409 && namesFence(object)) return { type: 'fenceLost' };
  if (isGood) return { type: 'accepted', object: status < 300 ? object : null };
  return { type: 'refused', status: (object ?? failureStatus(status, 'InternalError', '')) as Status };
}

function parse(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return null;
  try {
    return JSON.parse(utf8Text(bytes));
  } catch {
    return null;
  }
}

function namesFence(status: unknown): boolean {
  return ((status as Status | null)?.details?.causes ?? []).some(({ reason }) => reason === fenceLost);
}

function failureStatus(code: number, reason: 'Timeout' | 'InternalError', message: string): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}
