/**
 * What the cluster adds to a new pod: a service account, tolerations that let it stay for a while on a node in trouble, its priority.
 * Models kubernetes plugin/pkg/admission/{serviceaccount,defaulttolerationseconds,priority}. Deviates: the service account need
 * not exist, and no token volume is added while tokens are not issued.
 */
import type { Mutable } from '../../api/json.ts';
import { forbidden } from '../../api/status-errors.ts';
import type { Toleration } from '../../kinds/pod/scheduling-types.ts';
import type { Pod, PodSpec } from '../../kinds/pod/types.ts';
import type { Environment } from '../environment.ts';

const podName = { group: '', resource: 'pods' };
const priorityClassName = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };
const troubles: readonly string[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

interface PriorityClass {
  readonly metadata: { readonly name?: string };
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: 'Never' | 'PreemptLowerPriority';
}

type AdmittedSpec = Mutable<PodSpec> & { serviceAccount?: string };

/** Completes a pod that the caller owns. Throws StatusError Forbidden for a priority class that does not exist. */
export function admitPod(environment: Environment, pod: Pod): void {
  const spec = pod.spec as AdmittedSpec;
  spec.serviceAccountName = spec.serviceAccountName || spec.serviceAccount || 'default';
  spec.serviceAccount = spec.serviceAccountName;
  addTolerations(spec, environment.settings.tolerationSeconds);
  setPriority(environment, pod, spec);
}

function addTolerations(spec: AdmittedSpec, tolerationSeconds: number): void {
  const present = spec.tolerations ?? [];
  const added = troubles.filter((key) => !present.some((toleration) => covers(toleration, key)));
  if (added.length === 0) return;
  spec.tolerations = [
    ...present,
    ...added.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds })),
  ];
}

function covers({ key = '', effect = 'NoExecute' }: Toleration, trouble: string): boolean {
  return (key === trouble || key === '') && effect === 'NoExecute';
}

function setPriority(environment: Environment, pod: Pod, spec: AdmittedSpec): void {
  const name = spec.priorityClassName ?? '';
  const found = name === '' ? defaultClass(environment) : classOf(environment, name);
  const { name: pods = '' } = pod.metadata;
  if (name !== '' && found === undefined) {
    throw forbidden(podName, pods, `no PriorityClass with name ${name} was found`);
  }
  const priority = found?.value ?? 0;
  if (spec.priority !== undefined && spec.priority !== priority) {
    const cause =
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; ` +
      `priority admission controller computed ${priority} from the given PriorityClass name`;
    throw forbidden(podName, pods, cause);
  }
  if (name === '' && found?.metadata.name !== undefined) spec.priorityClassName = found.metadata.name;
  spec.priority = priority;
  spec.preemptionPolicy ??= found?.preemptionPolicy ?? 'PreemptLowerPriority';
}

function classOf(environment: Environment, name: string): PriorityClass | undefined {
  const { stored } = environment.catalog.mustServe(priorityClassName);
  return environment.cache.get(stored, '', name)?.decode() as PriorityClass | undefined;
}

/** Of several defaults the lowest counts. */
function defaultClass(environment: Environment): PriorityClass | undefined {
  const { stored } = environment.catalog.mustServe(priorityClassName);
  let best: PriorityClass | undefined;
  environment.cache.scanAll(stored, (entry) => {
    const candidate = entry.decode() as unknown as PriorityClass;
    if (candidate.globalDefault === true && (best === undefined || candidate.value < best.value)) best = candidate;
    return true;
  });
  return best;
}
