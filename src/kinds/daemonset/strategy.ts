/** How daemon sets begin and change. Models kubernetes pkg/registry/apps/daemonset and pkg/apis/apps/validation. */
import { setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedCounts, checkedImmutable } from '../field-checks.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import type { DaemonSet, DaemonSetSpec } from './types.ts';
import { validateDaemonSet } from './validate.ts';

export const daemonSetBehaviour: KindBehaviour<DaemonSet> = {
  hasGeneration: true,
  setDefaults({ spec }) {
    if (spec === undefined) return;
    setDefault(spec, 'updateStrategy', {});
    const strategy = spec.updateStrategy as NonNullable<DaemonSetSpec['updateStrategy']>;
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy.type === 'RollingUpdate') {
      setDefault(strategy, 'rollingUpdate', {});
      if (strategy.rollingUpdate !== undefined) {
        setDefault(strategy.rollingUpdate, 'maxUnavailable', 1);
        setDefault(strategy.rollingUpdate, 'maxSurge', 0);
      }
    }
    setDefault(spec, 'revisionHistoryLimit', 10);
    setPodTemplateDefaults(spec.template);
  },
  prepareForCreate(daemonSet) {
    (daemonSet as { status: DaemonSet['status'] }).status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
  },
  validate: validateDaemonSet,
  validateUpdate: (next, old) => checkedImmutable('spec.selector', next.spec.selector, old.spec.selector),
  validateStatusUpdate: ({ status }) =>
    checkedCounts('status', status, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
};
