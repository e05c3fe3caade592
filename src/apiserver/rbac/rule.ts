/** What one rule allows. Models kubernetes pkg/apis/rbac/v1/evaluation_helpers.go. */
import type { PolicyRule } from '../../kinds/role/types.ts';

/** What is asked for, as far as rights go. */
export interface ResourceAttributes {
  readonly type: 'resource';
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty at cluster scope and for all namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
}

export interface PathAttributes {
  readonly type: 'path';
  readonly verb: string;
  readonly path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

const all = '*';
const none: readonly string[] = [];

/** Tells whether a rule grants what is asked for. Where the rule counts is for its binding to say. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!includesOrAll(rule.verbs, attributes.verb)) return false;
  if (attributes.type === 'path') return (rule.nonResourceURLs ?? none).some((url) => coversPath(url, attributes.path));
  const { group, resource, subresource, name } = attributes;
  const names = rule.resourceNames ?? none;
  return (
    includesOrAll(rule.apiGroups ?? none, group) &&
    (rule.resources ?? none).some((granted) => grantsResource(granted, resource, subresource)) &&
    (names.length === 0 || names.includes(name))
  );
}

/** Tells whether a granted path, which may end with a star, stands for `path`. */
export function coversPath(granted: string, path: string): boolean {
  if (granted === all || granted === path) return true;
  return granted.endsWith(all) && path.startsWith(granted.replace(/\*+$/, ''));
}

/** Tells whether a granted resource stands for `resource`, or for its subresource when that is not empty. */
export function grantsResource(granted: string, resource: string, subresource: string): boolean {
  if (granted === all) return true;
  if (subresource === '') return granted === resource;
  return granted === `${resource}/${subresource}` || granted === `*/${subresource}`;
}

export function includesOrAll(granted: readonly string[], asked: string): boolean {
  return granted.includes(all) || granted.includes(asked);
}
