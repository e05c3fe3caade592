/** Validation of probes and of what runs as a container begins and ends. Models kubernetes pkg/apis/core/validation validateProbe. */
import { child, type FieldError, forbiddenField, invalid, notSupported, required } from '../../api/field-error.ts';
import { checkHeaderName } from '../../api/names.ts';
import { checkedName, checkedNonNegative, checkedPort } from '../field-checks.ts';
import type { Container, Handler, HttpGetAction, Probe } from './types.ts';

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;
const handlerTypes = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

/** `graceSeconds` is how long the pod may take to end. */
export function validateProbes(container: Container, path: string, graceSeconds: number): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['postStart', 'preStop'] as const) {
    const handler = container.lifecycle?.[name];
    if (handler !== undefined)
      errors.push(...validateHandler(handler, child(child(path, 'lifecycle'), name), graceSeconds));
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name];
    if (probe === undefined) continue;
    const place = child(path, name);
    errors.push(...validateProbe(probe, place, graceSeconds));
    const { successThreshold, terminationGracePeriodSeconds } = probe;
    if (name !== 'readinessProbe' && successThreshold !== undefined && successThreshold !== 1) {
      errors.push(invalid(child(place, 'successThreshold'), successThreshold, 'must be 1'));
    }
    if (name === 'readinessProbe' && terminationGracePeriodSeconds !== undefined) {
      const detail = 'must not be set for readinessProbes';
      errors.push(invalid(child(place, 'terminationGracePeriodSeconds'), terminationGracePeriodSeconds, detail));
    }
  }
  return errors;
}

function validateProbe(probe: Probe, path: string, graceSeconds: number): FieldError[] {
  const errors = validateHandler(probe, path, graceSeconds);
  for (const name of counts) errors.push(...checkedNonNegative(child(path, name), probe[name]));
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0) {
    errors.push(invalid(child(path, 'terminationGracePeriodSeconds'), own, 'must be greater than 0'));
  }
  return errors;
}

function validateHandler(handler: Handler & Pick<Probe, 'grpc'>, path: string, graceSeconds: number): FieldError[] {
  const errors: FieldError[] = [];
  const types = handlerTypes.filter((name) => handler[name] !== undefined);
  if (types.length === 0) errors.push(required(path, 'must specify a handler type'));
  for (const extra of types.slice(1)) {
    errors.push(forbiddenField(child(path, extra), 'may not specify more than 1 handler type'));
  }
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec !== undefined && (exec.command ?? []).length === 0) {
    errors.push(required(child(child(path, 'exec'), 'command')));
  }
  if (httpGet !== undefined) errors.push(...validateGet(httpGet, child(path, 'httpGet')));
  if (tcpSocket !== undefined)
    errors.push(...checkedPort(child(child(path, 'tcpSocket'), 'port'), tcpSocket.port ?? 0));
  if (grpc !== undefined) errors.push(...checkedPort(child(child(path, 'grpc'), 'port'), grpc.port ?? 0));
  if (sleep !== undefined && (sleep.seconds < 0 || sleep.seconds > graceSeconds)) {
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
    errors.push(invalid(child(path, 'sleep'), sleep.seconds, detail));
  }
  return errors;
}

function validateGet({ path: target = '', port, scheme, httpHeaders }: HttpGetAction, path: string): FieldError[] {
  const errors = target === '' ? [required(child(path, 'path'))] : [];
  errors.push(...checkedPort(child(path, 'port'), port ?? 0));
  if (scheme !== undefined && scheme !== 'HTTP' && scheme !== 'HTTPS') {
    errors.push(notSupported(child(path, 'scheme'), scheme, ['HTTP', 'HTTPS']));
  }
  for (const { name = '' } of httpHeaders ?? []) {
    errors.push(...checkedName(child(path, 'httpHeaders'), name, checkHeaderName));
  }
  return errors;
}
