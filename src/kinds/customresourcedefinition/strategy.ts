/** How CustomResourceDefinitions begin and change. Models apiextensions-apiserver pkg/registry/customresourcedefinition/strategy.go. */
import { type Mutable, setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { type CustomResourceDefinition, type DefinitionNames, storageVersionOf } from './types.ts';
import { validateDefinition, validateDefinitionUpdate, validateStoredVersions } from './validate.ts';

export const customResourceDefinitionBehaviour: KindBehaviour<CustomResourceDefinition> = {
  hasGeneration: true,
  // Its own finalizer has no path.
  allowsAnyFinalizer: true,
  setDefaults({ spec }) {
    const names = spec.names as Mutable<DefinitionNames>;
    if (names.kind !== '') {
      setDefault(names, 'singular', names.kind.toLowerCase());
      setDefault(names, 'listKind', `${names.kind}List`);
    }
    // An absent list is one of the things that validation tells of.
    setDefault(spec, 'versions', []);
    setDefault(spec, 'conversion', { strategy: 'None' });
  },
  prepareForCreate(definition) {
    (definition as Mutable<CustomResourceDefinition>).status = {};
    noteStorageVersion(definition);
  },
  prepareForUpdate: noteStorageVersion,
  validate: validateDefinition,
  validateUpdate: validateDefinitionUpdate,
  validateStatusUpdate: validateStoredVersions,
};

/** Objects are about to be stored in that version. */
function noteStorageVersion(definition: CustomResourceDefinition): void {
  const version = storageVersionOf(definition.spec)?.name;
  const { status } = definition;
  const stored = status?.storedVersions ?? [];
  if (version === undefined || stored.includes(version)) return;
  const own = definition as Mutable<CustomResourceDefinition>;
  own.status = { ...status, storedVersions: [...stored, version] };
}
