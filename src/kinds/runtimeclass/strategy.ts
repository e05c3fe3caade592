/** What a RuntimeClass may say. Models kubernetes pkg/apis/node/validation. */
import { validateLabels } from '../../api/label-selector.ts';
import { checkLabel } from '../../api/names.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedImmutable, checkedName } from '../field-checks.ts';
import { validateResources } from '../pod/validate-resources.ts';
import { validateTolerations } from '../pod/validate-scheduling.ts';
import type { RuntimeClass } from './types.ts';

export const runtimeClassBehaviour: KindBehaviour<RuntimeClass> = {
  validate: ({ handler, overhead, scheduling }) => [
    ...checkedName('handler', handler, checkLabel),
    ...validateResources({ limits: overhead?.podFixed ?? {} }, 'overhead'),
    ...validateLabels(scheduling?.nodeSelector ?? {}, 'scheduling.nodeSelector'),
    ...validateTolerations(scheduling?.tolerations ?? [], 'scheduling.tolerations'),
  ],
  validateUpdate: (next, old) => checkedImmutable('handler', next.handler, old.handler),
};
