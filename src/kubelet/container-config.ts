/**
 * What the runtime is told about a container: its command with variables expanded, its environment, its limits, where its volumes go.
 * Models kubernetes pkg/kubelet/kubelet_pods.go GenerateRunContainerOptions and third_party/forked/golang/expansion.
 */
import { controllerOf } from '../api/object-meta.ts';
import { milliValueOf, parseQuantity, type Quantity, valueOf } from '../api/quantity.ts';
import type { Container, ResourceRequirements, VolumeMount } from '../kinds/pod/types.ts';
import type { ContainerConfig, Mount } from '../protocol/runtime.ts';
import type { ContainerRecord } from './container-record.ts';
import { type Environment, environmentOf, expand } from './environment.ts';
import type { PodScope } from './pod-surroundings.ts';

const defaultTerminationMessagePath = '/dev/termination-log';

/** The configuration, or why there is none. */
export type ConfigVerdict =
  | { readonly type: 'made'; readonly config: ContainerConfig }
  | Exclude<Environment, { type: 'made' }>;

type Values = ReadonlyMap<string, string>;

/** Builds the configuration of instance `attempt` of a container. */
export function containerConfigOf(
  { spec, role }: Pick<ContainerRecord, 'spec' | 'role'>,
  scope: PodScope,
  attempt: number,
  imageId: string,
): ConfigVerdict {
  const environment = environmentOf(spec, scope);
  if (environment.type !== 'made') return environment;
  const { values } = environment;
  const mounts = mountsOf(spec, values);
  if (typeof mounts === 'string') return { type: 'missing', message: mounts };
  const expanded = (parts: readonly string[] = []): string[] =>
    parts.map((part) => expand(part, (name) => values.get(name)));
  const config: ContainerConfig = {
    name: spec.name,
    attempt,
    image: spec.image ?? '',
    imageId,
    command: expanded(spec.command),
    args: expanded(spec.args),
    workingDirectory: spec.workingDir ?? '',
    isExpectedToEnd: role === 'init' || (role === 'main' && controllerOf(scope.pod)?.kind === 'Job'),
    env: [...values].map(([name, value]) => ({ name, value })),
    ...limitsOf(spec.resources ?? {}),
    mounts,
    stdin: spec.stdin === true,
    stdinOnce: spec.stdinOnce === true,
    tty: spec.tty === true,
    terminationMessagePath: spec.terminationMessagePath ?? defaultTerminationMessagePath,
    terminationMessagePolicy: spec.terminationMessagePolicy ?? 'File',
  };
  return { type: 'made', config };
}

/** Returns what the runtime is told of limits. */
export function limitsOf({
  limits = {},
}: ResourceRequirements): Pick<ContainerConfig, 'memoryLimitBytes' | 'cpuLimitMillis'> {
  const amount = (name: string): Quantity => parseQuantity(limits[name] ?? '0') ?? { nanos: 0n, format: 'decimal' };
  return { memoryLimitBytes: valueOf(amount('memory')), cpuLimitMillis: milliValueOf(amount('cpu')) };
}

/** Returns the mounts, or what is wrong with one of them. Block devices are mounted as they are. */
function mountsOf({ volumeMounts = [], volumeDevices = [] }: Container, values: Values): readonly Mount[] | string {
  const mounts: Mount[] = [];
  for (const mount of volumeMounts) {
    const subPath = subPathOf(mount, values);
    if (subPath === null) return `failed to expand subPathExpr ${JSON.stringify(mount.subPathExpr)}`;
    const { name: volume, mountPath: containerPath, readOnly } = mount;
    mounts.push({ volume, containerPath, subPath, isReadOnly: readOnly === true });
  }
  for (const { name: volume, devicePath: containerPath } of volumeDevices) {
    mounts.push({ volume, containerPath, subPath: '', isReadOnly: false });
  }
  return mounts;
}

/** Null when it names a variable that the container does not have, or leads out of the volume. */
function subPathOf({ subPath = '', subPathExpr }: VolumeMount, values: Values): string | null {
  if (subPathExpr === undefined || subPathExpr === '') return subPath;
  const names = [...subPathExpr.replaceAll('$$', '').matchAll(/\$\(([^)]*)\)/g)].map((match) => match[1] ?? '');
  if (names.some((name) => !values.has(name))) return null;
  const path = expand(subPathExpr, (name) => values.get(name));
  return path.startsWith('/') || path.split('/').includes('..') ? null : path;
}
