/** Cells of what makes pods. Models kubernetes pkg/printers/internalversion/printers.go printDeployment and its neighbours. */
import { parseApiVersion } from '../../api/group-version.ts';
import { ageSince, humanDuration } from '../../api/human-duration.ts';
import { compileLabelSelector, formatLabelSelector, type LabelSelectorSpec } from '../../api/label-selector.ts';
import { type AnyObject, controllerOf, type StringMap } from '../../api/object-meta.ts';
import type { TableCell } from '../../api/table.ts';
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp } from '../../base/time.ts';
import { isConditionTrue } from '../condition.ts';
import type { ControllerRevision } from '../controllerrevision/types.ts';
import type { CronJob } from '../cronjob/types.ts';
import type { DaemonSet } from '../daemonset/types.ts';
import type { Deployment } from '../deployment/types.ts';
import type { Job } from '../job/types.ts';
import type { PodTemplateSpec } from '../pod/types.ts';
import type { ReplicaSet } from '../replicaset/types.ts';
import type { ReplicationController } from '../replicationcontroller/types.ts';
import type { StatefulSet } from '../statefulset/types.ts';

type Row = Readonly<Record<string, TableCell>>;

const none = '<none>';

export function deploymentCells({ spec, status }: Deployment): Row {
  return {
    Ready: `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    'Up-to-date': String(status?.updatedReplicas ?? 0),
    Available: String(status?.availableReplicas ?? 0),
    ...templateCells(spec.template),
    Selector: selectorText(spec.selector),
  };
}

export function replicaSetCells({ spec, status }: ReplicaSet): Row {
  return {
    Desired: spec.replicas ?? 0,
    Current: status?.replicas ?? 0,
    Ready: status?.readyReplicas ?? 0,
    ...templateCells(spec.template),
    Selector: selectorText(spec.selector),
  };
}

export function statefulSetCells({ spec, status }: StatefulSet): Row {
  return { Ready: `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`, ...templateCells(spec.template) };
}

export function daemonSetCells({ spec, status }: DaemonSet): Row {
  return {
    Desired: status?.desiredNumberScheduled ?? 0,
    Current: status?.currentNumberScheduled ?? 0,
    Ready: status?.numberReady ?? 0,
    'Up-to-date': status?.updatedNumberScheduled ?? 0,
    Available: status?.numberAvailable ?? 0,
    'Node Selector': labelsText(spec.template?.spec?.nodeSelector),
    ...templateCells(spec.template),
    Selector: selectorText(spec.selector),
  };
}

export function jobCells(job: Job, wallMs: WallMs): Row {
  const { spec, status } = job;
  return {
    Status: jobStatusText(job),
    Completions: completionsText(job),
    Duration: durationText(status?.startTime, status?.completionTime, wallMs),
    ...templateCells(spec.template),
    Selector: selectorText(spec.selector),
  };
}

export function cronJobCells({ spec, status }: CronJob, wallMs: WallMs): Row {
  return {
    Schedule: spec.schedule,
    Timezone: spec.timeZone ?? none,
    Suspend: spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False',
    Active: status?.active?.length ?? 0,
    'Last Schedule': status?.lastScheduleTime === undefined ? none : ageSince(status.lastScheduleTime, wallMs),
    ...templateCells(spec.jobTemplate?.spec?.template),
    Selector: selectorText(spec.jobTemplate?.spec?.selector),
  };
}

export function replicationControllerCells({ spec, status }: ReplicationController): Row {
  return {
    Desired: spec?.replicas ?? 0,
    Current: status?.replicas ?? 0,
    Ready: status?.readyReplicas ?? 0,
    ...templateCells(spec?.template),
    Selector: labelsText(spec?.selector),
  };
}

export function podTemplateCells({ template }: AnyObject & { readonly template?: PodTemplateSpec }): Row {
  return { ...templateCells(template), 'Pod Labels': labelsText(template?.metadata?.labels) };
}

export function controllerRevisionCells(revision: ControllerRevision): Row {
  const owner = controllerOf(revision);
  const group = owner === undefined ? '' : (parseApiVersion(owner.apiVersion)?.group ?? '');
  const kind = group === '' ? owner?.kind : `${owner?.kind}.${group}`;
  return {
    Controller: owner === undefined ? none : `${kind?.toLowerCase()}/${owner.name}`,
    Revision: String(revision.revision ?? 0),
  };
}

/** Formats labels as `a=1,b=2`. */
export function labelsText(labels: StringMap | undefined): string {
  const entries = Object.entries(labels ?? {});
  if (entries.length === 0) return none;
  return entries
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

function templateCells(template: PodTemplateSpec | undefined): Row {
  const containers = template?.spec?.containers ?? [];
  return {
    Containers: containers.map(({ name }) => name).join(','),
    Images: containers.map(({ image = '' }) => image).join(','),
  };
}

function selectorText(selector: LabelSelectorSpec | undefined): string {
  if (selector === undefined) return none;
  return formatLabelSelector(compileLabelSelector(selector)) || none;
}

function jobStatusText({ spec, status, metadata }: Job): string {
  const { conditions } = status ?? {};
  if (isConditionTrue(conditions, 'Complete')) return 'Complete';
  if (isConditionTrue(conditions, 'Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (spec.suspend === true || isConditionTrue(conditions, 'Suspended')) return 'Suspended';
  if (isConditionTrue(conditions, 'FailureTarget')) return 'FailureTarget';
  if (isConditionTrue(conditions, 'SuccessCriteriaMet')) return 'SuccessCriteriaMet';
  return 'Running';
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText(startTime: string | undefined, completionTime: string | undefined, wallMs: WallMs): string {
  if (startTime === undefined) return '';
  if (completionTime === undefined) return ageSince(startTime, wallMs);
  return humanDuration((parseTimestamp(completionTime) ?? 0) - (parseTimestamp(startTime) ?? 0));
}
