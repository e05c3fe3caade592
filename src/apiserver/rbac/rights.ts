/**
 * Who may do what, as the bindings and roles in the watch cache say. Bindings are indexed by subject and namespace, so that a question
 * looks at nothing but the bindings of the one who asks; the index follows the cache by its history, change by change. Roles need no
 * index: the rules of an entry are read once and kept as long as the entry is.
 * Models kubernetes pkg/registry/rbac/validation/rule.go and plugin/pkg/auth/authorizer/rbac/rbac.go.
 */
import { quoted } from '../../api/json.ts';
import {
  type Binding,
  type PolicyRule,
  type Role,
  type RoleRef,
  rbacGroup,
  type Subject,
} from '../../kinds/role/types.ts';
import type { CacheEntry } from '../cache-entry.ts';
import type { Catalog, StoredResource } from '../catalog.ts';
import type { WatchCache } from '../watch-cache.ts';
import { type Attributes, ruleAllows } from './rule.ts';

/** Who asks, as far as bindings can name him. */
export interface Asker {
  readonly name: string;
  readonly groups: readonly string[];
}

/** `reason` says which binding allows it, or which roles could not be found. */
export interface Verdict {
  readonly isAllowed: boolean;
  readonly reason: string;
}

export interface HeldRules {
  readonly rules: readonly PolicyRule[];
  /** Roles that bindings name and that do not exist. */
  readonly errors: readonly string[];
}

interface Grant {
  /** The key of the binding in the store. */
  readonly key: string;
  /** Empty for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly name: string;
  readonly roleRef: RoleRef;
  readonly subject: Subject;
}

type Visit = (rule: PolicyRule | null, grant: Grant, error: string) => boolean;

const serviceAccountPrefix = 'system:serviceaccount:';
const noGrants: ReadonlyMap<string, Grant> = new Map();

export class Rights {
  readonly #cache: WatchCache;
  readonly #roles: StoredResource;
  readonly #clusterRoles: StoredResource;
  readonly #bindings: readonly StoredResource[];
  /** By subject, then by key of the binding. A subject in two roles of one binding is there once: its role is the same. */
  #grants = new Map<string, Map<string, Grant>>();
  /** The subjects of each binding in the index. */
  #subjects = new Map<string, readonly string[]>();
  #rules = new WeakMap<CacheEntry, readonly PolicyRule[]>();
  /** The index shows the bindings of this revision. */
  #revision = -1;

  constructor(cache: WatchCache, catalog: Catalog) {
    const stored = (resource: string): StoredResource =>
      catalog.mustServe({ group: rbacGroup, version: 'v1', resource }).stored;
    this.#cache = cache;
    this.#roles = stored('roles');
    this.#clusterRoles = stored('clusterroles');
    this.#bindings = [stored('clusterrolebindings'), stored('rolebindings')];
  }

  /** Tells whether a rule of somebody's roles allows what is asked for. */
  decide(asker: Asker, attributes: Attributes): Verdict {
    const errors: string[] = [];
    let reason = '';
    this.#visit(asker, attributes.type === 'resource' ? attributes.namespace : '', (rule, grant, error) => {
      if (rule === null) errors.push(error);
      else if (ruleAllows(rule, attributes)) reason = allowedBy(grant);
      return reason === '';
    });
    if (reason !== '') return { isAllowed: true, reason };
    return { isAllowed: false, reason: errors.length === 0 ? '' : `RBAC: ${formatErrors(errors)}` };
  }

  /** Returns all rules that somebody holds in `namespace`, or at cluster scope when it is empty. */
  rulesOf(asker: Asker, namespace: string): HeldRules {
    const rules: PolicyRule[] = [];
    const errors: string[] = [];
    this.#visit(asker, namespace, (rule, _grant, error) => {
      if (rule === null) errors.push(error);
      else rules.push(rule);
      return true;
    });
    return { rules, errors };
  }

  /** Returns the rules of the role that a binding in `namespace` names, or undefined when there is no such role. */
  rulesOfRole({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const entry =
      kind === 'ClusterRole'
        ? this.#cache.get(this.#clusterRoles, '', name)
        : this.#cache.get(this.#roles, namespace, name);
    return entry === undefined ? undefined : this.#rulesOfEntry(entry);
  }

  /** Visits rules until `visit` returns false: those that count everywhere first. */
  #visit(asker: Asker, namespace: string, visit: Visit): void {
    this.#follow();
    const subjects = subjectsOf(asker);
    for (const subject of subjects) if (!this.#visitGrants(`${subject}@`, visit)) return;
    if (namespace === '') return;
    for (const subject of subjects) if (!this.#visitGrants(`${subject}@${namespace}`, visit)) return;
  }

  #visitGrants(subject: string, visit: Visit): boolean {
    for (const grant of (this.#grants.get(subject) ?? noGrants).values()) {
      const rules = this.rulesOfRole(grant.roleRef, grant.namespace);
      if (rules === undefined) {
        const error = `${grant.roleRef.kind.toLowerCase()}.${rbacGroup} ${quoted(grant.roleRef.name)} not found`;
        if (!visit(null, grant, error)) return false;
        continue;
      }
      for (const rule of rules) if (!visit(rule, grant, '')) return false;
    }
    return true;
  }

  #rulesOfEntry(entry: CacheEntry): readonly PolicyRule[] {
    const known = this.#rules.get(entry);
    if (known !== undefined) return known;
    const rules = (entry.object as unknown as Role).rules ?? [];
    this.#rules.set(entry, rules);
    return rules;
  }

  /** Brings the index to the revision of the cache. */
  #follow(): void {
    const { revision } = this.#cache;
    if (revision === this.#revision) return;
    for (const stored of this.#bindings) {
      if (this.#cache.isUnchangedSince(stored, this.#revision)) continue;
      const events = this.#cache.historySince(stored, this.#revision);
      if (events === undefined) {
        this.#rebuild();
        break;
      }
      for (const { entry, previous } of events) {
        if (previous !== null) this.#remove(previous.key);
        if (entry !== null) this.#add(entry);
      }
    }
    this.#revision = revision;
  }

  #rebuild(): void {
    this.#grants = new Map();
    this.#subjects = new Map();
    for (const stored of this.#bindings) {
      this.#cache.scanAll(stored, (entry) => {
        this.#add(entry);
        return true;
      });
    }
  }

  #add(entry: CacheEntry): void {
    const { key, namespace, name } = entry;
    const { subjects = [], roleRef } = entry.object as unknown as Binding;
    const indexed: string[] = [];
    for (const subject of subjects) {
      const text = subjectKey(subject, namespace);
      if (text === null) continue;
      const place = `${text}@${namespace}`;
      const grants = this.#grants.get(place) ?? new Map<string, Grant>();
      this.#grants.set(place, grants.set(key, { key, namespace, name, roleRef, subject }));
      indexed.push(place);
    }
    this.#subjects.set(key, indexed);
  }

  #remove(key: string): void {
    for (const place of this.#subjects.get(key) ?? []) {
      const grants = this.#grants.get(place);
      grants?.delete(key);
      if (grants?.size === 0) this.#grants.delete(place);
    }
    this.#subjects.delete(key);
  }
}

/** Service accounts are users by another name. */
function subjectKey({ kind, name, namespace = '' }: Subject, bindingNamespace: string): string | null {
  if (kind === 'User') return `u:${name}`;
  if (kind === 'Group') return `g:${name}`;
  const home = namespace === '' ? bindingNamespace : namespace;
  return kind === 'ServiceAccount' && home !== '' ? `u:${serviceAccountPrefix}${home}:${name}` : null;
}

function subjectsOf({ name, groups }: Asker): readonly string[] {
  return [`u:${name}`, ...groups.map((group) => `g:${group}`)];
}

function allowedBy({ namespace, name, roleRef, subject }: Grant): string {
  const binding =
    namespace === '' ? `ClusterRoleBinding ${quoted(name)}` : `RoleBinding ${quoted(`${name}/${namespace}`)}`;
  const owner = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? namespace}` : subject.name;
  return `RBAC: allowed by ${binding} of ${roleRef.kind} ${quoted(roleRef.name)} to ${subject.kind} ${quoted(owner)}`;
}

/** One error is bare, several are bracketed, each text once. */
function formatErrors(errors: readonly string[]): string {
  const texts = [...new Set(errors)];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}
