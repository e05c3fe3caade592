/**
 * What a plugin says about a pod, or about a pod on a node. A verdict is a value: its type is for the scheduler, its reasons are for
 * people, in the words of Kubernetes. Plugins keep theirs as constants, so that rejecting a thousand nodes allocates nothing.
 * Models kubernetes pkg/scheduler/framework/interface.go Status.
 */

/**
 * `unschedulable`: not now, and evicting pods might help. `unschedulableAndUnresolvable`: not now, whatever is evicted. `failed`: the plugin
 * could not tell; the pod is tried again after a back-off.
 */
export type RejectionType = 'unschedulable' | 'unschedulableAndUnresolvable' | 'failed';

export interface Rejection {
  readonly type: RejectionType;
  /** Never empty. */
  readonly reasons: readonly string[];
}

export type Verdict = { readonly type: 'success' } | Rejection;

export const success: Verdict = Object.freeze({ type: 'success' });

export function unschedulable(...reasons: readonly string[]): Rejection {
  return { type: 'unschedulable', reasons };
}

export function unresolvable(...reasons: readonly string[]): Rejection {
  return { type: 'unschedulableAndUnresolvable', reasons };
}
