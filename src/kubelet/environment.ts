/**
 * The environment of a container: variables of its own, whole config maps and secrets, and where the services of its namespace are.
 * Models kubernetes pkg/kubelet/kubelet_pods.go makeEnvironmentVariables and pkg/kubelet/envvars.
 */
import { namespaceOf } from '../api/object-meta.ts';
import { decodeBase64 } from '../base/base64.ts';
import { utf8Text } from '../base/bytes.ts';
import type { ConfigMap } from '../kinds/configmap/types.ts';
import type { Container, EnvFromSource, EnvVar, EnvVarSource, KeySelector } from '../kinds/pod/types.ts';
import type { Secret } from '../kinds/secret/types.ts';
import { environmentField, resourceField } from './downward.ts';
import { containersOf } from './pod-needs.ts';
import { addressOf, type PodScope } from './pod-surroundings.ts';
import { serviceVariables } from './service-variables.ts';

export type Environment =
  | { readonly type: 'made'; readonly values: ReadonlyMap<string, string> }
  /** Something that it names is not known yet. */
  | { readonly type: 'waiting' }
  /** `message` says what is missing: the container cannot be created. */
  | { readonly type: 'missing'; readonly message: string };

type NoValue = Exclude<Environment, { type: 'made' }>;
/** `value` undefined: the variable is left out. */
type Value = { readonly type: 'value'; readonly value: string | undefined } | NoValue;
type Data = { readonly type: 'data'; readonly data: ReadonlyMap<string, string> | null } | NoValue;

const waiting = { type: 'waiting' } as const;

export function environmentOf(spec: Container, scope: PodScope): Environment {
  const services = serviceVariables(scope.pod, scope.facts.objects);
  if (services === undefined) return waiting;
  const values = new Map<string, string>();
  for (const source of spec.envFrom ?? []) {
    const data = wholeData(source, scope);
    if (data.type !== 'data') return data;
    for (const [key, value] of data.data ?? []) values.set(`${source.prefix ?? ''}${key}`, value);
  }
  for (const variable of spec.env ?? []) {
    const found = valueOfVariable(variable, spec, scope, (name) => values.get(name) ?? services.get(name));
    if (found.type !== 'value') return found;
    if (found.value !== undefined) values.set(variable.name, found.value);
  }
  for (const [name, value] of services) if (!values.has(name)) values.set(name, value);
  return { type: 'made', values };
}

/** Replaces `$(NAME)` by a known variable; `$$` stands for one dollar sign, and what is unknown stays as it is. */
export function expand(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) =>
    name === undefined ? '$' : (valueOf(name) ?? found),
  );
}

function valueOfVariable(
  { value = '', valueFrom }: EnvVar,
  container: Container,
  scope: PodScope,
  valueOf: (name: string) => string | undefined,
): Value {
  if (valueFrom === undefined) return { type: 'value', value: expand(value, valueOf) };
  const { configMapKeyRef, secretKeyRef } = valueFrom;
  if (configMapKeyRef !== undefined) return keyOf(configMapKeyRef, 'configmap', scope);
  if (secretKeyRef !== undefined) return keyOf(secretKeyRef, 'secret', scope);
  return ownField(valueFrom, container, scope);
}

function ownField({ fieldRef, resourceFieldRef }: EnvVarSource, container: Container, scope: PodScope): Value {
  const { pod, facts } = scope;
  if (resourceFieldRef !== undefined) {
    const { containerName = container.name } = resourceFieldRef;
    const meant = containersOf(pod).find(({ name }) => name === containerName);
    if (meant === undefined) return { type: 'missing', message: `container ${containerName} not found` };
    return { type: 'value', value: resourceField(resourceFieldRef, meant, facts) };
  }
  const path = fieldRef?.fieldPath ?? '';
  const value = environmentField(path, pod, addressOf(scope), facts);
  return value === undefined
    ? { type: 'missing', message: `unsupported fieldPath: ${path}` }
    : { type: 'value', value };
}

function keyOf({ name = '', key, optional }: KeySelector, type: 'configmap' | 'secret', scope: PodScope): Value {
  const found = dataOf(type, name, optional === true, scope);
  if (found.type !== 'data') return found;
  const value = found.data?.get(key);
  if (value !== undefined || optional === true) return { type: 'value', value };
  const kind = type === 'configmap' ? 'ConfigMap' : 'Secret';
  const message = `couldn't find key ${key} in ${kind} ${namespaceOf(scope.pod)}/${name}`;
  return { type: 'missing', message };
}

function wholeData({ configMapRef, secretRef }: EnvFromSource, scope: PodScope): Data {
  if (configMapRef !== undefined) {
    return dataOf('configmap', configMapRef.name ?? '', configMapRef.optional === true, scope);
  }
  if (secretRef !== undefined) return dataOf('secret', secretRef.name ?? '', secretRef.optional === true, scope);
  return { type: 'data', data: null };
}

function dataOf(type: 'configmap' | 'secret', name: string, isOptional: boolean, { pod, facts }: PodScope): Data {
  const namespace = namespaceOf(pod);
  const object =
    type === 'configmap'
      ? facts.objects.find<ConfigMap>('configmaps', namespace, name)
      : facts.objects.find<Secret>('secrets', namespace, name);
  if (object === undefined) return waiting;
  if (object === null) {
    if (isOptional) return { type: 'data', data: null };
    return { type: 'missing', message: `${type} ${JSON.stringify(name)} not found` };
  }
  const entries = Object.entries(object.data ?? {}).map(
    ([key, text]) => [key, type === 'secret' ? utf8Text(decodeBase64(text)) : text] as const,
  );
  return { type: 'data', data: new Map(entries) };
}
