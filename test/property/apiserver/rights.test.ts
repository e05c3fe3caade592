/** The index of rights answers as a scan over all bindings would, whatever was written, changed and deleted before. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Catalog, type StoredResource, storageKey } from '../../../src/apiserver/catalog.ts';
import { type Asker, Rights } from '../../../src/apiserver/rbac/rights.ts';
import { type Attributes, ruleAllows } from '../../../src/apiserver/rbac/rule.ts';
import { WatchCache } from '../../../src/apiserver/watch-cache.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import type { Binding, PolicyRule, Subject } from '../../../src/kinds/role/types.ts';
import { type KeyValue, noLease } from '../../../src/mvcc/key-value.ts';

const catalog = new Catalog(builtInRegistry());
const stored = (resource: string): StoredResource =>
  catalog.mustServe({ group: 'rbac.authorization.k8s.io', version: 'v1', resource }).stored;

const namespaces = ['a', 'b'];
const names = ['one', 'two'];
const namespace = fc.constantFrom(...namespaces);
const name = fc.constantFrom(...names);
const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc.record({ kind: fc.constantFrom('User', 'Group'), name }),
  fc.record({ kind: fc.constant('ServiceAccount'), name, namespace }),
);
const rule: fc.Arbitrary<PolicyRule> = fc.record({
  verbs: fc.subarray(['get', 'list', '*'], { minLength: 1 }),
  apiGroups: fc.constant(['']),
  resources: fc.subarray(['pods', 'secrets'], { minLength: 1 }),
});

interface Written {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: { readonly rules: readonly PolicyRule[] } | Pick<Binding, 'subjects' | 'roleRef'> | null;
}

const rules = fc.option(fc.record({ rules: fc.array(rule, { maxLength: 2 }) }), { freq: 3 });
const binding = (kinds: readonly string[]) =>
  fc.option(
    fc.record({
      subjects: fc.array(subject, { maxLength: 3 }),
      roleRef: fc.record({ apiGroup: fc.constant('rbac.authorization.k8s.io'), kind: fc.constantFrom(...kinds), name }),
    }),
    { freq: 3 },
  );
const write: fc.Arbitrary<Written> = fc.oneof(
  fc.record({ resource: fc.constant('clusterroles'), namespace: fc.constant(''), name, object: rules }),
  fc.record({ resource: fc.constant('roles'), namespace, name, object: rules }),
  fc.record({
    resource: fc.constant('clusterrolebindings'),
    namespace: fc.constant(''),
    name,
    object: binding(['ClusterRole']),
  }),
  fc.record({ resource: fc.constant('rolebindings'), namespace, name, object: binding(['ClusterRole', 'Role']) }),
);
/** Null: the cache reads everything anew. */
const writes = fc.array(fc.option(write, { freq: 10 }), { maxLength: 40 });

const askers: readonly Asker[] = [
  { name: 'one', groups: ['two'] },
  { name: 'two', groups: [] },
  { name: 'system:serviceaccount:a:one', groups: ['one', 'two'] },
];
const questions: readonly Attributes[] = ['', ...namespaces].flatMap((place) =>
  ['pods', 'secrets'].flatMap((resource) =>
    ['get', 'delete'].map((verb) => ({
      type: 'resource' as const,
      verb,
      group: '',
      resource,
      subresource: '',
      namespace: place,
      name: '',
    })),
  ),
);

test('the index answers as a scan of all bindings would', () => {
  fc.assert(
    fc.property(writes, (script) => {
      const world = new World();
      const rights = new Rights(world.cache, catalog);
      for (const step of script) {
        if (step === null) world.readAnew();
        else world.write(step);
        for (const asker of askers) {
          for (const question of questions) {
            expect(rights.decide(asker, question).isAllowed).toBe(world.scan(asker, question));
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

/** A cache that is fed as the store would feed it, and beside it what it holds. */
class World {
  readonly cache = new WatchCache(catalog);
  readonly #objects = new Map<string, Written>();
  #revision = 0;

  write(written: Written): void {
    const key = storageKey(stored(written.resource), written.namespace, written.name);
    if (written.object === null && !this.#objects.has(key)) return;
    if (written.object === null) this.#objects.delete(key);
    else this.#objects.set(key, written);
    this.#revision += 1;
    const type = written.object === null ? 'delete' : 'put';
    this.cache.apply([{ type, keyValue: this.#keyValue(key, written), previous: null }]);
    this.cache.advance(this.#revision);
  }

  /** What another API server wrote meanwhile is there, too: everything is gone but every second object. */
  readAnew(): void {
    for (const [index, key] of [...this.#objects.keys()].entries()) if (index % 2 === 1) this.#objects.delete(key);
    this.#revision += 1;
    this.cache.replace(
      [...this.#objects].map(([key, written]) => this.#keyValue(key, written)),
      this.#revision,
    );
  }

  scan(asker: Asker, question: Attributes): boolean {
    const place = question.type === 'resource' ? question.namespace : '';
    return [...this.#objects.values()].some(({ resource, namespace: home, object }) => {
      if (!resource.endsWith('bindings') || (home !== '' && home !== place)) return false;
      const { subjects = [], roleRef } = object as Pick<Binding, 'subjects' | 'roleRef'>;
      const role = this.#role(roleRef.kind, home, roleRef.name);
      return subjects.some((each) => isAbout(each, asker)) && role.some((each) => ruleAllows(each, question));
    });
  }

  #role(kind: string, home: string, roleName: string): readonly PolicyRule[] {
    const resource = kind === 'Role' ? 'roles' : 'clusterroles';
    const written = this.#objects.get(storageKey(stored(resource), kind === 'Role' ? home : '', roleName));
    return (written?.object as { readonly rules: readonly PolicyRule[] } | undefined)?.rules ?? [];
  }

  #keyValue(key: string, { name: own, object }: Written): KeyValue {
    const revision = this.#revision as KeyValue['modRevision'];
    const value = utf8(JSON.stringify({ metadata: { name: own }, ...object }));
    return { key, value, createRevision: revision, modRevision: revision, version: 1, lease: noLease };
  }
}

function isAbout({ kind, name: own, namespace: home }: Subject, asker: Asker): boolean {
  if (kind === 'Group') return asker.groups.includes(own);
  return asker.name === (kind === 'User' ? own : `system:serviceaccount:${home}:${own}`);
}
