/**
 * When two pod templates are the same, and the hash by which replica sets of one deployment are told apart. The hash need only differ for
 * templates that differ; equality is decided by comparison, and a clash of names by the collision count.
 * Models kubernetes pkg/controller/controller_utils.go ComputeHash and deployment/util EqualIgnoreHash.
 */
import { equalSemantic } from '../../api/json.ts';
import { fnv1a } from '../../base/hash.ts';
import type { PodTemplateSpec } from '../../kinds/pod/types.ts';
import { safeEncoded } from '../generated-name.ts';

export const templateHashLabel = 'pod-template-hash';

export function isSameTemplate(left: PodTemplateSpec, right: PodTemplateSpec): boolean {
  return equalSemantic(withoutHash(left), withoutHash(right));
}

export function templateHash(template: PodTemplateSpec, collisionCount: number): string {
  return safeEncoded(String(fnv1a(`${canonical(template)}${collisionCount}`)));
}

export function withTemplateHash(template: PodTemplateSpec, hash: string): PodTemplateSpec {
  const labels = { ...template.metadata?.labels, [templateHashLabel]: hash };
  return { ...template, metadata: { ...template.metadata, labels } };
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const entries = Object.entries(template.metadata?.labels ?? {});
  const labels = Object.fromEntries(entries.filter(([key]) => key !== templateHashLabel));
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** JSON with the fields in ascending order: equal trees give equal texts. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`;
}
