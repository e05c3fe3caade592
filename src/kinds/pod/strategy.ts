/** How pods begin and change. Models kubernetes pkg/registry/core/pod/strategy.go. */
import type { Mutable } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import type { Condition } from '../condition.ts';
import { setPodDefaults } from './defaults.ts';
import { qosClassOf } from './quality.ts';
import type { Pod } from './types.ts';
import { validatePod, validatePodCreate } from './validate.ts';
import { validatePodUpdate } from './validate-update.ts';

const gated: Condition = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

export const podBehaviour: KindBehaviour<Pod> = {
  hasGeneration: true,
  fieldLabels: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  selectableFields: ({ spec, status }) => ({
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    'status.podIP': status?.podIP ?? '',
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  }),
  setDefaults: setPodDefaults,
  prepareForCreate(pod) {
    const qosClass = (pod.spec.containers ?? []).length === 0 ? 'BestEffort' : qosClassOf(pod);
    const isGated = (pod.spec.schedulingGates ?? []).length > 0;
    (pod as Mutable<Pod>).status = { phase: 'Pending', ...(isGated ? { conditions: [gated] } : {}), qosClass };
  },
  validate: validatePod,
  validateCreate: validatePodCreate,
  validateUpdate: validatePodUpdate,
};
