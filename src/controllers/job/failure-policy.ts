/** What the failure of a pod means to its job. Models kubernetes pkg/controller/job/pod_failure_policy.go. */
import { nameOf, namespaceOf } from '../../api/object-meta.ts';
import type { Job, PodFailurePolicyRule } from '../../kinds/job/types.ts';
import type { ContainerStatus, Pod } from '../../kinds/pod/types.ts';

export interface Judgement {
  readonly action: PodFailurePolicyRule['action'];
  /** What fails the job, in words. */
  readonly message: string;
}

const counts: Judgement = { action: 'Count', message: '' };

/** The first rule that matches decides; a failure that none matches counts. */
export function judgeFailure({ spec }: Job, pod: Pod): Judgement {
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const { action, onExitCodes, onPodConditions } = rule;
    if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) continue;
    const message =
      onExitCodes === undefined
        ? matchConditions(pod, onPodConditions ?? [], action, index)
        : matchExitCodes(pod, onExitCodes, action, index);
    if (message !== null) return { action, message };
  }
  return counts;
}

function matchExitCodes(
  pod: Pod,
  { containerName, operator, values }: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  action: string,
  index: number,
): string | null {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const found = [...containerStatuses, ...initContainerStatuses].find((status) => {
    const code = failedWith(status);
    if (code === undefined || (containerName !== undefined && containerName !== status.name)) return false;
    return values.includes(code) === (operator === 'In');
  });
  if (found === undefined) return null;
  const place = `${namespaceOf(pod)}/${nameOf(pod)}`;
  return `Container ${found.name} for pod ${place} failed with exit code ${failedWith(found)} matching ${action} rule at index ${index}`;
}

/** An end without error matches no rule, whatever its operator. */
function failedWith({ state }: ContainerStatus): number | undefined {
  const code = state?.terminated?.exitCode;
  return code === 0 ? undefined : code;
}

function matchConditions(
  pod: Pod,
  patterns: NonNullable<PodFailurePolicyRule['onPodConditions']>,
  action: string,
  index: number,
): string | null {
  const found = (pod.status?.conditions ?? []).find((condition) =>
    patterns.some(({ type, status = 'True' }) => condition.type === type && condition.status === status),
  );
  if (found === undefined) return null;
  return `Pod ${namespaceOf(pod)}/${nameOf(pod)} has condition ${found.type} matching ${action} rule at index ${index}`;
}
