/**
 * Each pod runs as a service account that exists, and finds a token for it mounted, with the certificate of the API's authority and the
 * name of its namespace. Models kubernetes plugin/pkg/admission/serviceaccount.
 */
import { type Flow, sleep } from '../../actor/flow.ts';
import type { Mutable } from '../../api/json.ts';
import { generateName } from '../../api/names.ts';
import { nameOf, namespaceOf } from '../../api/object-meta.ts';
import { forbidden } from '../../api/status-errors.ts';
import type { Container, Pod, PodSpec, VolumeMount } from '../../kinds/pod/types.ts';
import type { Volume } from '../../kinds/pod/volume-types.ts';
import type { ServiceAccount } from '../../kinds/serviceaccount/types.ts';
import type { Environment } from '../environment.ts';
import { defaultAccountWaitMs } from '../limits.ts';
import { readThrough } from './read-through.ts';

const podResource = { group: '', resource: 'pods' };
const accountResource = { group: '', version: 'v1', resource: 'serviceaccounts' };
const defaultAccount = 'default';
const retryMs = 50;
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const volumePrefix = 'kube-api-access-';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A kubelet renews it long before. */
const tokenSeconds = 3_607;
const fileMode = 0o644;

/** Completes a pod that the caller owns. Throws StatusError Forbidden when its account does not exist. */
export function* admitServiceAccount(environment: Environment, pod: Pod): Flow<void> {
  const spec = pod.spec as Mutable<PodSpec>;
  // What a node runs of its own accord has no account.
  if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return;
  const name = spec.serviceAccountName || spec.serviceAccount || defaultAccount;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
  const namespace = namespaceOf(pod);
  const account = yield* findAccount(environment, namespace, name);
  if (account === undefined) {
    const cause = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
    throw forbidden(podResource, nameOf(pod), cause);
  }
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(environment, spec);
  const secrets = account.imagePullSecrets ?? [];
  if ((spec.imagePullSecrets ?? []).length === 0 && secrets.length > 0) spec.imagePullSecrets = secrets;
}

/** The account that every namespace gets is waited for: a pod may come right behind its namespace. */
export function* findAccount(
  environment: Environment,
  namespace: string,
  name: string,
): Flow<ServiceAccount | undefined> {
  const untilMs = environment.stamp.monotonicMs + (name === defaultAccount ? defaultAccountWaitMs : 0);
  for (;;) {
    const found = yield* readThrough(environment, accountResource, namespace, name);
    if (found !== undefined) return found as unknown as ServiceAccount;
    if (environment.stamp.monotonicMs >= untilMs) return undefined;
    yield* sleep(retryMs);
  }
}

function mountToken(environment: Environment, spec: Mutable<PodSpec>): void {
  const volumes = spec.volumes ?? [];
  const present = volumes.find(({ name }) => name.startsWith(volumePrefix))?.name;
  const name = present ?? generateName(volumePrefix, environment.random);
  const mount: VolumeMount = { name, readOnly: true, mountPath };
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const unmounted = containers.filter(
    ({ volumeMounts = [] }) => !volumeMounts.some((each) => each.mountPath === mountPath),
  );
  for (const container of unmounted as readonly Mutable<Container>[]) {
    container.volumeMounts = [...(container.volumeMounts ?? []), mount];
  }
  if (present === undefined && unmounted.length > 0) spec.volumes = [...volumes, tokenVolume(name)];
}

function tokenVolume(name: string): Volume {
  const namespaceField = { apiVersion: 'v1', fieldPath: 'metadata.namespace' };
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: namespaceField }] } },
      ],
      defaultMode: fileMode,
    },
  };
}
