/**
 * What the runtime is told about a container: its command with variables expanded, its environment, its limits.
 * Models kubernetes pkg/kubelet/kubelet_pods.go makeEnvironmentVariables and third_party/forked/golang/expansion.
 */
import { annotationsOf, controllerOf, labelsOf, nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import { milliValueOf, parseQuantity, valueOf } from '../api/quantity.ts';
import type { EnvVar } from '../kinds/pod/types.ts';
import type { ContainerConfig } from '../protocol/runtime.ts';
import type { ContainerRecord } from './container-record.ts';
import { addressOf, type PodScope } from './pod-surroundings.ts';

const defaultTerminationMessagePath = '/dev/termination-log';

/** Builds the configuration of instance `attempt` of a container. */
export function containerConfigOf(
  { spec, role }: Pick<ContainerRecord, 'spec' | 'role'>,
  scope: PodScope,
  attempt: number,
  imageId: string,
): ContainerConfig {
  const values = new Map<string, string>();
  for (const variable of spec.env ?? []) values.set(variable.name, valueOfVariable(variable, scope, values));
  const limit = (name: string): string => spec.resources?.limits?.[name] ?? '0';
  return {
    name: spec.name,
    attempt,
    image: spec.image ?? '',
    imageId,
    command: (spec.command ?? []).map((part) => expand(part, values)),
    args: (spec.args ?? []).map((part) => expand(part, values)),
    workingDirectory: spec.workingDir ?? '',
    isExpectedToEnd: role === 'init' || (role === 'main' && controllerOf(scope.pod)?.kind === 'Job'),
    env: [...values].map(([name, value]) => ({ name, value })),
    memoryLimitBytes: valueOf(parseQuantity(limit('memory')) ?? { nanos: 0n, format: 'decimal' }),
    cpuLimitMillis: milliValueOf(parseQuantity(limit('cpu')) ?? { nanos: 0n, format: 'decimal' }),
    mounts: [],
    stdin: spec.stdin === true,
    stdinOnce: spec.stdinOnce === true,
    tty: spec.tty === true,
    terminationMessagePath: spec.terminationMessagePath ?? defaultTerminationMessagePath,
    terminationMessagePolicy: spec.terminationMessagePolicy ?? 'File',
  };
}

/** Replaces `$(NAME)` by a known variable; `$$` stands for one dollar sign, and what is unknown stays as it is. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) =>
    name === undefined ? '$' : (values.get(name) ?? found),
  );
}

function valueOfVariable(variable: EnvVar, scope: PodScope, known: ReadonlyMap<string, string>): string {
  const fieldPath = variable.valueFrom?.fieldRef?.fieldPath;
  if (fieldPath !== undefined) return fieldOfPod(fieldPath, scope);
  return expand(variable.value ?? '', known);
}

/** Returns what the downward API gives for `path`; empty for what it does not know. */
function fieldOfPod(path: string, scope: PodScope): string {
  const { pod, facts } = scope;
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? labelsOf(pod) : annotationsOf(pod);
    return map[subscript[2] ?? ''] ?? '';
  }
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': nameOf(pod),
    'metadata.namespace': namespaceOf(pod),
    'metadata.uid': uidOf(pod),
    'spec.nodeName': facts.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? '',
    'status.hostIP': facts.hostIp,
    'status.hostIPs': facts.hostIp,
    'status.podIP': addressOf(scope),
    'status.podIPs': addressOf(scope),
  };
  return fields[path] ?? '';
}
