/** Which lines of a log are wanted. Models kubernetes pkg/apis/core/validation ValidatePodLogOptions. */
import { type FieldError, forbiddenField, invalid, notSupported } from '../api/field-error.ts';
import { badRequest, invalidObject } from '../api/status-errors.ts';
import { parseTimestamp } from '../base/time.ts';
import { flagOf, integerOf, type Query, valueOf } from '../http/query.ts';
import type { KubeletLogsRequest } from '../protocol/kubelet.ts';

export type PodLogOptions = Omit<KubeletLogsRequest, 'namespace' | 'pod' | 'uid' | 'container'>;

const streams = ['All', 'Stderr', 'Stdout'];

/** Reads the options of a log for the pod `name`. Throws StatusError BadRequest or Invalid. */
export function podLogOptions(query: Query, name: string): PodLogOptions {
  const tailLines = integerOf(query, 'tailLines') ?? null;
  const limitBytes = integerOf(query, 'limitBytes') ?? null;
  const sinceSeconds = integerOf(query, 'sinceSeconds') ?? null;
  const sinceTime = valueOf(query, 'sinceTime');
  const stream = valueOf(query, 'stream') || 'All';
  const errors: FieldError[] = [];
  if (tailLines !== null && tailLines < 0) {
    errors.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  }
  if (limitBytes !== null && limitBytes < 1) errors.push(invalid('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== null && sinceTime !== '') {
    errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else if (sinceSeconds !== null && sinceSeconds < 1) {
    errors.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  }
  if (!streams.includes(stream)) errors.push(notSupported('stream', stream, streams));
  if (stream !== 'All' && tailLines !== null) {
    errors.push(forbiddenField('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  }
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions' }, name, errors);
  const sinceMs = sinceTime === '' ? undefined : parseTimestamp(sinceTime);
  if (sinceTime !== '' && sinceMs === undefined) throw badRequest(`parsing time ${JSON.stringify(sinceTime)}`);
  return {
    follow: flagOf(query, 'follow'),
    previous: flagOf(query, 'previous'),
    timestamps: flagOf(query, 'timestamps'),
    tailLines,
    sinceSeconds,
    limitBytes,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(stream === 'All' ? {} : { stream: stream === 'Stdout' ? 'stdout' : 'stderr' }),
  };
}
