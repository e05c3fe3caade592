/** What a handler decides, for the actor to carry out; and the one place where a refusal becomes a response. */
import type { Body } from '../actor/protocol.ts';
import { type Status, StatusError } from '../api/status.ts';
import { internalError } from '../api/status-errors.ts';
import { utf8 } from '../base/bytes.ts';
import { statusHeaders } from '../http/status-code.ts';
import type { ApiResponse } from '../protocol/apiserver.ts';
import type { SessionRequest } from '../protocol/session.ts';
import type { WatchPlan } from './watch.ts';

export type Answer =
  | { readonly type: 'complete'; readonly response: ApiResponse }
  | { readonly type: 'watch'; readonly plan: WatchPlan }
  /** The stream of another actor, whose items have `bytes`, is passed on. */
  | { readonly type: 'relay'; readonly to: string; readonly body: Body; readonly contentType: string }
  /** A session of the kubelet at `to` is passed on; only who asked for one can have it. */
  | { readonly type: 'session'; readonly to: string; readonly session: Omit<SessionRequest, 'sessionId'> };

export const jsonContentType = 'application/json';

export function complete(status: number, bytes: Uint8Array, warnings: readonly string[] = []): Answer {
  return { type: 'complete', response: { status, contentType: jsonContentType, bytes, warnings, headers: {} } };
}

export function completeJson(status: number, value: unknown): Answer {
  return complete(status, utf8(JSON.stringify(value)));
}

export function statusResponse(status: Status): ApiResponse {
  const bytes = utf8(JSON.stringify(status));
  return { status: status.code, contentType: jsonContentType, bytes, warnings: [], headers: statusHeaders(status) };
}

/** Turns whatever a handler threw into a response; anything but a StatusError is a bug and becomes a 500. */
export function errorResponse(error: unknown): ApiResponse {
  if (error instanceof StatusError) return statusResponse(error.status);
  return statusResponse(internalError(error instanceof Error ? error.message : 'unknown').status);
}
