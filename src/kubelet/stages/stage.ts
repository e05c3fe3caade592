/**
 * A stage of KWOK, read and checked: which objects it is for, how likely and how late it comes, and what it does to them.
 * Models kwok pkg/apis/v1alpha1 StageSpec.
 */
import type { StringMap } from '../../api/object-meta.ts';
import type { PatchType } from '../../protocol/apiserver.ts';
import type { Template } from '../../template/template.ts';
import type { Query } from './query.ts';

export type StageOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

export interface StageRequirement {
  readonly query: Query;
  readonly operator: StageOperator;
  readonly values: ReadonlySet<string>;
}

/** All of it has to hold. */
export interface StageSelector {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly requirements: readonly StageRequirement[];
}

/** A number, or what an expression finds in the object instead. */
export interface FoundNumber {
  readonly fallback: number;
  readonly query: Query | null;
}

export interface StageDelay {
  /** Milliseconds. */
  readonly duration: FoundNumber;
  /** The delay is random between the duration and this; null: it is the duration. A shorter one than the duration takes its place. */
  readonly jitter: { readonly fallback: number | null; readonly query: Query | null } | null;
}

export interface StagePatch {
  /** Empty: the object itself. */
  readonly subresource: string;
  /** The field that the template's result belongs under; empty: none. */
  readonly root: string;
  readonly patch: Exclude<PatchType, 'apply'>;
  readonly template: Template;
}

export interface StageEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: Template;
}

export interface StageFinalizers {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly empty: boolean;
}

export type StageStep =
  | { readonly type: 'event'; readonly event: StageEvent }
  | { readonly type: 'finalizers'; readonly finalizers: StageFinalizers }
  | { readonly type: 'delete' }
  | { readonly type: 'patch'; readonly patch: StagePatch };

export interface Stage {
  readonly name: string;
  /** The kind of objects that it is for. */
  readonly kind: string;
  /** Null: it is for none. */
  readonly selector: StageSelector | null;
  readonly weight: FoundNumber;
  /** Null: at once. */
  readonly delay: StageDelay | null;
  readonly steps: readonly StageStep[];
  /** What the object became is looked at as soon as it was written, not when its watch tells it. */
  readonly isImmediate: boolean;
}

/** Functions that templates of stages know beside the common ones. */
export const stageFunctionNames = [
  'Quote',
  'Now',
  'StartTime',
  'YAML',
  'Version',
  'NodeConditions',
  'NodeIP',
  'NodeName',
  'NodePort',
  'PodIP',
  'NodeIPWith',
  'PodIPWith',
] as const;
