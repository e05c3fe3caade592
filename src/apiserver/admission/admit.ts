/** The admission of new objects, in order; a new rule is a line here. Mutates what the caller owns. */
import type { AnyObject } from '../../api/object-meta.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ServedResource } from '../catalog.ts';
import type { Environment } from '../environment.ts';
import { admitPod } from './pod-defaults.ts';

/** Completes a new object in its stored version. Throws StatusError Forbidden when a rule refuses it. */
export function admitNew(environment: Environment, { stored }: ServedResource, object: AnyObject): void {
  if (stored.info.group === '' && stored.info.resource === 'pods' && object.spec !== undefined) {
    admitPod(environment, object as unknown as Pod);
  }
}
