/**
 * The priority of a pod follows from its class, and of the classes one at most is the default.
 * Models kubernetes plugin/pkg/admission/priority.
 */
import type { Mutable } from '../../api/json.ts';
import { type KubeObject, nameOf } from '../../api/object-meta.ts';
import { forbidden } from '../../api/status-errors.ts';
import type { Pod, PodSpec } from '../../kinds/pod/types.ts';
import type { PriorityClass } from '../../kinds/priorityclass/types.ts';
import type { Environment } from '../environment.ts';

const podName = { group: '', resource: 'pods' };
const priorityClassName = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };

/** Sets what a pod's class says. Throws StatusError Forbidden for a class that does not exist, or numbers that contradict it. */
export function setPriority(environment: Environment, pod: Pod): void {
  const spec = pod.spec as Mutable<PodSpec>;
  const name = spec.priorityClassName ?? '';
  const found = name === '' ? defaultClass(environment) : classOf(environment, name);
  const pods = nameOf(pod);
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
  const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    const cause =
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ` +
      `priority admission controller computed ${policy} from the given PriorityClass name`;
    throw forbidden(podName, pods, cause);
  }
  if (name === '' && found !== undefined) spec.priorityClassName = nameOf(found);
  spec.priority = priority;
  spec.preemptionPolicy = policy;
}

/** Throws StatusError Forbidden for a second default. */
export function admitPriorityClass(environment: Environment, priorityClass: PriorityClass): void {
  if (priorityClass.globalDefault !== true) return;
  const other = defaultClass(environment);
  if (other === undefined || nameOf(other) === nameOf(priorityClass)) return;
  const cause =
    `PriorityClass ${nameOf(other)} is already marked as default. ` +
    'Only one PriorityClass can be marked as globalDefault';
  throw forbidden(priorityClassName, nameOf(priorityClass), cause);
}

function classOf(environment: Environment, name: string): PriorityClass | undefined {
  const { stored } = environment.catalog.mustServe(priorityClassName);
  return environment.cache.get(stored, '', name)?.object as PriorityClass | undefined;
}

/** Of several defaults, which two API servers may have let in at once, the lowest counts. */
function defaultClass(environment: Environment): PriorityClass | undefined {
  const { stored } = environment.catalog.mustServe(priorityClassName);
  let best: PriorityClass | undefined;
  environment.cache.scanAll(stored, (entry) => {
    const candidate = entry.object as KubeObject as PriorityClass;
    if (candidate.globalDefault === true && (best === undefined || candidate.value < best.value)) best = candidate;
    return true;
  });
  return best;
}
