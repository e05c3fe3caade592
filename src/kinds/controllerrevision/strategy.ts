/** How controller revisions begin and change. Models kubernetes pkg/apis/apps/validation ValidateControllerRevision. */
import { required } from '../../api/field-error.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedImmutable, checkedNonNegative } from '../field-checks.ts';
import type { ControllerRevision } from './types.ts';

export const controllerRevisionBehaviour: KindBehaviour<ControllerRevision> = {
  validate: ({ data, revision }) => [
    ...checkedNonNegative('revision', revision),
    ...(data === undefined || data === null ? [required('data', 'data is mandatory')] : []),
  ],
  validateUpdate: (next, old) => checkedImmutable('data', next.data, old.data),
};
