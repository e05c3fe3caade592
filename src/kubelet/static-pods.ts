/**
 * Pods that a node runs because its own description says so. The API shows each as a mirror pod, which the kubelet makes, and makes anew
 * when it is deleted: nobody stops a static pod through the API. Models kubernetes pkg/kubelet/config/common.go and pkg/kubelet/pod/mirror_client.go.
 */
import { type Flow, sleep } from '../actor/flow.ts';
import { cloneJson, type Json, type Mutable, sortedJson } from '../api/json.ts';
import { annotationsOf, isBeingDeleted, nameOf, namespaceOf, type ObjectMeta, uidOf } from '../api/object-meta.ts';
import { fnv1a } from '../base/hash.ts';
import type { Node } from '../kinds/node/types.ts';
import { setPodDefaults } from '../kinds/pod/defaults.ts';
import type { Pod, PodSpec } from '../kinds/pod/types.ts';
import { validatePod } from '../kinds/pod/validate.ts';
import type { ApiClient } from '../protocol/api-client.ts';
import { mirrorAnnotation, sourceAnnotation } from './critical-pod.ts';
import { needsOf } from './pod-needs.ts';

const hashAnnotation = 'kubernetes.io/config.hash';
const pods = { group: '', version: 'v1', resource: 'pods' };
const attemptTimeoutMs = 5_000;

export interface StaticPods {
  readonly pods: readonly Pod[];
  /** What is wrong with manifests that were left out. */
  readonly complaints: readonly string[];
}

/** Completes the manifests of a node. Their pods are named NAME-NODE; their uids are hashes of what they say. */
export function staticPodsOf(manifests: readonly Pod[], nodeName: string): StaticPods {
  const made: Pod[] = [];
  const complaints: string[] = [];
  for (const manifest of manifests) {
    const pod = completed(manifest, nodeName);
    const errors = validatePod(pod).map(({ field, body }) => `${field}: ${body}`);
    const named = needsOf(pod, { find: () => undefined, list: () => undefined });
    if (named.some(({ resource }) => resource !== 'services'))
      errors.push('a static pod may not name objects of the API');
    if (errors.length === 0) made.push(pod);
    else complaints.push(`static pod ${nameOf(pod)}: ${errors.join(', ')}`);
  }
  return { pods: made, complaints };
}

function completed(manifest: Pod, nodeName: string): Pod {
  const pod = cloneJson({ ...manifest, apiVersion: 'v1', kind: 'Pod' }) as Mutable<Pod>;
  const { name = '', namespace = 'default' } = pod.metadata ?? {};
  const text = `${nodeName}/${sortedJson(manifest as unknown as Json)}`;
  const uid = [0, 1, 2, 3].map((salt) => fnv1a(`${salt}${text}`).toString(16).padStart(8, '0')).join('');
  const annotations = { ...annotationsOf(pod), [hashAnnotation]: uid, [sourceAnnotation]: 'file' };
  pod.metadata = { ...pod.metadata, name: `${name}-${nodeName}`, namespace, uid, generation: 1, annotations };
  const spec = (pod.spec ?? { containers: [] }) as Mutable<PodSpec>;
  spec.nodeName = nodeName;
  spec.tolerations = [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }];
  pod.spec = spec;
  setPodDefaults(pod);
  return pod;
}

export type MirrorStep = { readonly type: 'create' | 'remove'; readonly pod: Pod };

/** The static pods of a node and what the API shows of them, by namespace and name. */
export class Mirrors {
  readonly #statics: ReadonlyMap<string, Pod>;
  readonly #shown = new Map<string, Pod>();

  constructor(statics: readonly Pod[]) {
    this.#statics = new Map(statics.map((pod) => [keyOf(pod), pod]));
  }

  get statics(): readonly Pod[] {
    return [...this.#statics.values()];
  }

  set(mirror: Pod): void {
    this.#shown.set(keyOf(mirror), mirror);
  }

  delete(mirror: Pod): void {
    if (uidOf(this.#shown.get(keyOf(mirror)) ?? mirror) === uidOf(mirror)) this.#shown.delete(keyOf(mirror));
  }

  /** The static pod behind a mirror. */
  behind(mirror: Pod): Pod | undefined {
    return this.#statics.get(keyOf(mirror));
  }

  /** The mirror of a static pod, if it shows just this one. */
  of(pod: Pod): Pod | undefined {
    const mirror = this.#shown.get(keyOf(pod));
    const isGood =
      mirror !== undefined && !isBeingDeleted(mirror) && annotationsOf(mirror)[mirrorAnnotation] === uidOf(pod);
    return isGood ? mirror : undefined;
  }

  /** What has to be done in the API; `node` owns the mirrors, and without it there is nothing to do. */
  steps(node: Node | null): readonly MirrorStep[] {
    if (node === null) return [];
    const steps: MirrorStep[] = [];
    for (const mirror of this.#shown.values()) {
      const pod = this.#statics.get(keyOf(mirror));
      if (pod === undefined || this.of(pod) === undefined) steps.push({ type: 'remove', pod: mirror });
    }
    for (const pod of this.#statics.values()) {
      if (!this.#shown.has(keyOf(pod))) steps.push({ type: 'create', pod: mirrorOf(pod, node) });
    }
    return steps;
  }
}

function keyOf(pod: Pod): string {
  return `${namespaceOf(pod)}/${nameOf(pod)}`;
}

function mirrorOf(pod: Pod, node: Node): Pod {
  const { uid = '', name = '', namespace = '', labels = {} } = pod.metadata;
  const owner = { apiVersion: 'v1', kind: 'Node', name: nameOf(node), uid: uidOf(node), controller: true };
  const annotations = { ...annotationsOf(pod), [mirrorAnnotation]: uid };
  const metadata: ObjectMeta = { name, namespace, labels, annotations, ownerReferences: [owner] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: pod.spec };
}

/** Does what `steps` says until it says nothing more; each is tried once a round, for the watch shows what came of it. */
export function* keepMirrors(api: ApiClient, steps: () => readonly MirrorStep[], retryMs: number): Flow<void> {
  for (;;) {
    const due = steps();
    if (due.length === 0) return;
    for (const { type, pod } of due) {
      const place = { resource: pods, namespace: namespaceOf(pod) };
      const preconditions = { uid: uidOf(pod) };
      const options = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions };
      if (type === 'create') yield* api.call({ ...place, verb: 'create', body: pod }, attemptTimeoutMs);
      else yield* api.call({ ...place, verb: 'delete', name: nameOf(pod), body: options }, attemptTimeoutMs);
    }
    yield* sleep(retryMs);
  }
}
