/**
 * The templates that a daemon set or a stateful set has had, as ControllerRevisions: one per template, numbered in the order in which they came
 * into use. A revision is named by a hash of its template, so that making it twice fails instead of doubling.
 * Models kubernetes pkg/controller/history/controller_history.go and pkg/controller/daemon/update.go constructHistory.
 */
import { equalSemantic, type JsonObject, sortedJson } from '../api/json.ts';
import {
  controllerReference,
  isBeingDeleted,
  type KubeObject,
  nameOf,
  namespaceOf,
  type StringMap,
} from '../api/object-meta.ts';
import type { ControllerRevision } from '../kinds/controllerrevision/types.ts';
import type { PodTemplateSpec } from '../kinds/pod/types.ts';
import { templateHash } from './deployment/template.ts';
import { create, remove, update, type Write } from './plan.ts';
import { controllerRevisionResource } from './resources.ts';

/** What makes a revision of an owner: its template, and what the owner's kind puts on the revision. */
export interface RevisionSource {
  readonly owner: KubeObject;
  readonly template: PodTemplateSpec;
  /** The label that holds the hash. */
  readonly hashLabel: string;
  /** Counts clashes of names; part of the hash. */
  readonly collisionCount: number;
}

export interface RevisionHistory {
  /** The revision of the present template; perhaps one that `writes` make. Null when its name is taken: the count has gone up. */
  readonly present: ControllerRevision | null;
  /** Older and newer ones alike, ascending, without `present`. */
  readonly others: readonly ControllerRevision[];
  readonly writes: readonly Write[];
  readonly collisionCount: number;
}

/** Finds the revision of the present template among `revisions`, renumbers it when it came back, or makes it. */
export function revisionHistory(
  source: RevisionSource,
  revisions: readonly ControllerRevision[],
  isNameTaken: (name: string) => boolean,
): RevisionHistory {
  const { collisionCount } = source;
  const sorted = [...revisions].sort(byRevision);
  const data = templatePatch(source.template);
  const found = sorted.findLast((revision) => equalSemantic(revision.data, data));
  const next = (sorted.at(-1)?.revision ?? 0) + 1;
  if (found !== undefined) {
    const others = sorted.filter((revision) => revision !== found);
    if (found === sorted.at(-1)) return { present: found, others, writes: [], collisionCount };
    const present = { ...found, revision: next };
    return { present, others, writes: [update(controllerRevisionResource, present)], collisionCount };
  }
  const made = newRevision(source, data, next);
  if (isNameTaken(nameOf(made))) {
    return { present: null, others: sorted, writes: [], collisionCount: collisionCount + 1 };
  }
  return { present: made, others: sorted, writes: [create(controllerRevisionResource, made)], collisionCount };
}

/** Returns the deletions of the oldest revisions that nobody uses, beyond `limit`. */
export function prunedRevisions(
  { others }: RevisionHistory,
  isUsed: (revision: ControllerRevision) => boolean,
  limit: number,
): readonly Write[] {
  const unused = others.filter((revision) => !isUsed(revision) && !isBeingDeleted(revision));
  return unused
    .slice(0, Math.max(0, unused.length - limit))
    .map((revision) => remove(controllerRevisionResource, revision));
}

/** Returns the template that a revision stands for. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec | undefined {
  const spec = data?.['spec'] as { readonly template?: PodTemplateSpec } | undefined;
  if (spec?.template === undefined) return undefined;
  const template = { ...spec.template } as PodTemplateSpec & { $patch?: string };
  delete template.$patch;
  return template;
}

/** A patch that replaces the whole template, with the fields in order: clients compare its text. */
function templatePatch(template: PodTemplateSpec): JsonObject {
  const patch = { spec: { template: { ...template, $patch: 'replace' } } };
  return JSON.parse(sortedJson(patch as unknown as JsonObject)) as JsonObject;
}

function newRevision(source: RevisionSource, data: JsonObject, revision: number): ControllerRevision {
  const { owner, template, hashLabel, collisionCount } = source;
  const hash = templateHash(template, collisionCount);
  const labels: StringMap = { ...template.metadata?.labels, [hashLabel]: hash };
  const { annotations } = owner.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${nameOf(owner)}-${hash}`,
      namespace: namespaceOf(owner),
      labels,
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  };
}

function byRevision(left: ControllerRevision, right: ControllerRevision): number {
  if (left.revision !== right.revision) return left.revision - right.revision;
  const [leftTime = '', rightTime = ''] = [left.metadata.creationTimestamp, right.metadata.creationTimestamp];
  if (leftTime !== rightTime) return leftTime < rightTime ? -1 : 1;
  return nameOf(left) < nameOf(right) ? -1 : 1;
}
