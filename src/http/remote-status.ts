/** How a command ended, as its client reads it on the error stream. Models apimachinery pkg/util/remotecommand and kubelet's cri/streaming. */
import { utf8 } from '../base/bytes.ts';
import type { SessionEnd } from './wire.ts';

/** Returns the bytes for the error stream; before version 4 only failures are told, as text. */
export function statusBytes(end: SessionEnd, version: number): Uint8Array {
  if (version >= 4) return utf8(JSON.stringify(statusOf(end)));
  if (end.type === 'failed') return utf8(end.message);
  return utf8(end.exitCode === 0 ? '' : exitMessage(end.exitCode));
}

function statusOf(end: SessionEnd): object {
  if (end.type === 'failed') {
    const details = { causes: [{ message: end.message }] };
    return { metadata: {}, status: 'Failure', message: end.message, reason: 'InternalError', details, code: 500 };
  }
  if (end.exitCode === 0) return { metadata: {}, status: 'Success' };
  const details = { causes: [{ reason: 'ExitCode', message: String(end.exitCode) }] };
  const message = exitMessage(end.exitCode);
  return { metadata: {}, status: 'Failure', message, reason: 'NonZeroExitCode', details };
}

function exitMessage(exitCode: number): string {
  return `command terminated with non-zero exit code: exit code ${exitCode}`;
}

/** Reads `{"Width":80,"Height":24}`; null when it is none. */
export function terminalSize(text: string): { readonly columns: number; readonly rows: number } | null {
  const match = /^\s*\{[^{}]*\}\s*$/.test(text);
  if (!match) return null;
  const columns = /"Width"\s*:\s*(\d{1,5})\b/i.exec(text)?.[1];
  const rows = /"Height"\s*:\s*(\d{1,5})\b/i.exec(text)?.[1];
  return columns === undefined || rows === undefined ? null : { columns: Number(columns), rows: Number(rows) };
}
