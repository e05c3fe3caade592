/**
 * Whether somebody who holds some rules holds others too: nobody may grant what he does not have. A rule is broken into its atoms (one verb
 * of one resource, perhaps of one name; one verb of one path), and each atom must lie within one rule that is held.
 * Models kubernetes component-helpers auth/rbac/validation/policy_comparator.go, and registry/validation/policy_compact.go.
 */
import { quoted } from '../../api/json.ts';
import type { PolicyRule } from '../../kinds/role/types.ts';
import { coversPath, grantsResource, includesOrAll } from './rule.ts';

/** Returns the atoms of `wanted` that no rule of `held` covers, put together again where they differ in verbs only. */
export function rulesNotHeld(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  const missing = wanted.flatMap(atomsOf).filter((atom) => !held.some((rule) => covers(rule, atom)));
  return joinVerbs(missing);
}

/** Returns a rule as Kubernetes shows it in messages: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function formatRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ];
  const shown = parts.flatMap(([title, values = []]) => (values.length > 0 ? [`${title}:${formatList(values)}`] : []));
  return `{${shown.join(', ')}}`;
}

/** Returns strings as Go's %q prints a slice of them. */
export function formatList(values: readonly string[]): string {
  return `[${values.map(quoted).join(' ')}]`;
}

function atomsOf(rule: PolicyRule): readonly PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const onPaths = nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] })));
  const onResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb): PolicyRule[] => {
        const atom = { apiGroups: [group], resources: [resource], verbs: [verb] };
        return resourceNames.length === 0 ? [atom] : resourceNames.map((name) => ({ ...atom, resourceNames: [name] }));
      }),
    ),
  );
  return [...onResources, ...onPaths];
}

function covers(held: PolicyRule, atom: PolicyRule): boolean {
  const [verb = ''] = atom.verbs;
  if (!includesOrAll(held.verbs, verb)) return false;
  const [url] = atom.nonResourceURLs ?? [];
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((granted) => coversPath(granted, url));
  const [group = ''] = atom.apiGroups ?? [];
  const [path = ''] = atom.resources ?? [];
  const [resource = '', subresource = ''] = path.split('/', 2);
  const [name] = atom.resourceNames ?? [];
  const names = held.resourceNames ?? [];
  return (
    includesOrAll(held.apiGroups ?? [], group) &&
    (held.resources ?? []).some((granted) => grantsResource(granted, resource, subresource)) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

function joinVerbs(atoms: readonly PolicyRule[]): readonly PolicyRule[] {
  const joined = new Map<string, PolicyRule>();
  for (const atom of atoms) {
    const { verbs, ...rest } = atom;
    const key = JSON.stringify(rest);
    const known = joined.get(key)?.verbs ?? [];
    joined.set(key, { ...rest, verbs: [...new Set([...known, ...verbs])] });
  }
  return [...joined.values()];
}
