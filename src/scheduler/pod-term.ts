/**
 * The terms of pod affinity and anti-affinity, compiled. A term without namespaces means the pod's own; keys of matchLabelKeys are
 * merged into the selector, as the API server does when it admits a pod.
 * Models kubernetes pkg/scheduler/framework/types.go AffinityTerm.
 */
import {
  compileLabelSelector,
  formatLabelSelector,
  type LabelSelector,
  labelSelector,
  matchesLabels,
} from '../api/label-selector.ts';
import { labelsOf, namespaceOf, type StringMap } from '../api/object-meta.ts';
import type { PodAffinityTerm } from '../kinds/pod/scheduling-types.ts';
import type { Pod } from '../kinds/pod/types.ts';

export interface PodTerm {
  /** Equal for terms that mean the same. */
  readonly key: string;
  readonly topologyKey: string;
  readonly selector: LabelSelector;
  /** Distinct and ascending; empty when `namespaceSelector` alone decides. */
  readonly namespaces: readonly string[];
  /** Null when namespaces are only named. */
  readonly namespaceSelector: LabelSelector | null;
  readonly weight: number;
}

export interface PodTerms {
  readonly affinity: readonly PodTerm[];
  readonly antiAffinity: readonly PodTerm[];
  readonly preferredAffinity: readonly PodTerm[];
  readonly preferredAntiAffinity: readonly PodTerm[];
}

const noTerms: PodTerms = Object.freeze({
  affinity: [],
  antiAffinity: [],
  preferredAffinity: [],
  preferredAntiAffinity: [],
});

/** Returns the labels of a namespace, as `namespaceSelector` matches them. */
export type NamespaceLabels = (namespace: string) => StringMap;

export function podTermsOf(pod: Pod): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return noTerms;
  const required = (terms: readonly PodAffinityTerm[] | undefined): PodTerm[] =>
    (terms ?? []).map((term) => compile(term, pod, 0));
  const preferred = (terms: readonly { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined): PodTerm[] =>
    (terms ?? []).map(({ weight, podAffinityTerm }) => compile(podAffinityTerm, pod, weight));
  return {
    affinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

/** Tells whether `term` selects a pod with these labels in that namespace. */
export function termSelects(
  term: PodTerm,
  namespace: string,
  labels: StringMap,
  namespaceLabels: NamespaceLabels,
): boolean {
  const isNamed = term.namespaces.includes(namespace);
  const isSelected =
    isNamed || (term.namespaceSelector !== null && matchesLabels(term.namespaceSelector, namespaceLabels(namespace)));
  return isSelected && matchesLabels(term.selector, labels);
}

/** Adds `key in (value of the pod)` for each key that the pod's labels hold. */
export function withLabelKeys(
  selector: LabelSelector,
  keys: readonly string[] | undefined,
  labels: StringMap,
  operator: 'in' | 'notin',
): LabelSelector {
  const present = (keys ?? []).filter((key) => Object.hasOwn(labels, key));
  if (present.length === 0) return selector;
  const added = present.map((key) => ({ key, operator, values: [labels[key] ?? ''] }));
  return labelSelector([...selector.requirements, ...added]);
}

function compile(term: PodAffinityTerm, pod: Pod, weight: number): PodTerm {
  const labels = labelsOf(pod);
  let selector = compileLabelSelector(term.labelSelector);
  if (term.labelSelector !== undefined) {
    selector = withLabelKeys(selector, term.matchLabelKeys, labels, 'in');
    selector = withLabelKeys(selector, term.mismatchLabelKeys, labels, 'notin');
  }
  const named = [...new Set(term.namespaces)].sort();
  const namespaceSelector = term.namespaceSelector === undefined ? null : compileLabelSelector(term.namespaceSelector);
  const namespaces = named.length === 0 && namespaceSelector === null ? [namespaceOf(pod)] : named;
  const scope = namespaceSelector === null ? '' : `${formatLabelSelector(namespaceSelector)};`;
  const key = `${term.topologyKey}|${namespaces.join(',')}|${scope}|${formatLabelSelector(selector)}|${weight}`;
  return { key, topologyKey: term.topologyKey, selector, namespaces, namespaceSelector, weight };
}
