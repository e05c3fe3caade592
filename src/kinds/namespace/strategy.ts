/** How namespaces begin and change. Models kubernetes pkg/registry/core/namespace/strategy.go. */
import type { Mutable } from '../../api/json.ts';
import { checkLabel, checkQualifiedName } from '../../api/names.ts';
import { nameOf, type ObjectMeta } from '../../api/object-meta.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedName } from '../field-checks.ts';
import { validateOwnFinalizers } from '../object-meta-rules.ts';
import type { Namespace } from './types.ts';

const nameLabel = 'kubernetes.io/metadata.name';
const ownFinalizer = 'kubernetes';

export const namespaceBehaviour: KindBehaviour<Namespace> = {
  checkName: checkLabel,
  fieldLabels: ['status.phase'],
  selectableFields: ({ status }) => ({ 'status.phase': status?.phase ?? '' }),
  setDefaults(namespace) {
    const name = nameOf(namespace);
    if (name === '') return;
    const metadata = namespace.metadata as Mutable<ObjectMeta>;
    metadata.labels = { ...metadata.labels, [nameLabel]: name };
  },
  prepareForCreate(namespace) {
    const own = namespace as Mutable<Namespace>;
    // A generated name is known only now.
    namespaceBehaviour.setDefaults?.(namespace);
    const finalizers = own.spec?.finalizers ?? [];
    own.spec = { finalizers: finalizers.includes(ownFinalizer) ? finalizers : [...finalizers, ownFinalizer] };
    own.status = { phase: 'Active' };
  },
  validate({ spec }) {
    const finalizers = spec?.finalizers ?? [];
    const errors = finalizers.flatMap((name) => checkedName('spec.finalizers', name, checkQualifiedName));
    return errors.concat(validateOwnFinalizers(finalizers, 'spec.finalizers'));
  },
  prepareForUpdate(namespace, old) {
    if (old.spec !== undefined) (namespace as Mutable<Namespace>).spec = old.spec;
  },
};
