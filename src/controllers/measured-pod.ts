/** What caches keep of pods for those who count and measure them: who they are, what they ask for, how they are. */
import type { Mutable } from '../api/json.ts';
import type { KubeObject, ObjectMeta } from '../api/object-meta.ts';
import type { Container, Pod, PodStatus } from '../kinds/pod/types.ts';

/** Drops what is neither counted nor measured: volumes, probes, environments, owners of fields. */
export function measuredPart({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { containers, initContainers, ...rest } = spec;
  const { activeDeadlineSeconds, affinity, overhead, nodeName } = rest;
  const { priorityClassName } = rest as { readonly priorityClassName?: string };
  const told: PodStatus | undefined =
    status === undefined
      ? undefined
      : defined({ phase: status.phase, conditions: status.conditions, startTime: status.startTime });
  return {
    ...defined({ apiVersion, kind }),
    metadata: withoutOwnersOfFields(metadata),
    spec: defined({
      containers: containers.map(resourcesAlone),
      initContainers: initContainers?.map(resourcesAlone),
      activeDeadlineSeconds,
      affinity,
      overhead,
      nodeName,
      priorityClassName,
    }),
    ...defined({ status: told }),
  } as Pod;
}

/** As caches take it. */
export const keepMeasured = measuredPart as unknown as (object: never) => KubeObject;

function resourcesAlone({ name, resources, restartPolicy }: Container): Container {
  return defined({ name, resources, restartPolicy }) as Container;
}

function withoutOwnersOfFields(metadata: ObjectMeta): ObjectMeta {
  const kept: Mutable<ObjectMeta> = { ...metadata };
  delete kept.managedFields;
  return kept;
}

/** Leaves out what is undefined. */
function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
