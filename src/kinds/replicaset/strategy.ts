/** How replica sets begin and change. Models kubernetes pkg/registry/apps/replicaset/strategy.go. */
import { setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedImmutable } from '../field-checks.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import { validateTemplateOwner } from '../template-owner.ts';
import type { ReplicaSet } from './types.ts';

export const replicaSetBehaviour: KindBehaviour<ReplicaSet> = {
  hasGeneration: true,
  fieldLabels: ['status.replicas'],
  selectableFields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  setDefaults({ spec }) {
    if (spec === undefined) return;
    setDefault(spec, 'replicas', 1);
    setPodTemplateDefaults(spec.template);
  },
  prepareForCreate(replicaSet) {
    (replicaSet as { status: ReplicaSet['status'] }).status = { replicas: 0 };
  },
  validate: ({ spec }) => validateTemplateOwner(spec, 'replicaset'),
  validateUpdate: (next, old) => checkedImmutable('spec.selector', next.spec.selector, old.spec.selector),
};
