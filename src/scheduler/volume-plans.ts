/**
 * Volumes that pods with a chosen node will get, until the API server shows it: which volume is kept for which claim, and which claim waits for its
 * volume on which node. Without this, two pods of one turn would count on the same volume.
 * Models kubernetes pkg/scheduler/framework/plugins/volumebinding/assume_cache.go.
 */

/** What binding one pod's volumes takes. Claims are named `namespace/name`. */
export interface VolumePlan {
  readonly nodeName: string;
  /** Volumes that exist, by the claim that is to have them. */
  readonly matched: ReadonlyMap<string, string>;
  /** Claims whose volume is to be made for that node. */
  readonly provisioned: readonly string[];
}

export class VolumePlans {
  readonly #plans = new Map<string, VolumePlan>();
  readonly #claimOf = new Map<string, string>();

  /** Returns the plan of a pod by its uid. */
  get(uid: string): VolumePlan | undefined {
    return this.#plans.get(uid);
  }

  /** Returns the claim that a volume is kept for. */
  claimOf(volumeName: string): string | undefined {
    return this.#claimOf.get(volumeName);
  }

  set(uid: string, plan: VolumePlan): void {
    this.delete(uid);
    this.#plans.set(uid, plan);
    for (const [claim, volume] of plan.matched) this.#claimOf.set(volume, claim);
  }

  delete(uid: string): void {
    const plan = this.#plans.get(uid);
    if (plan === undefined) return;
    this.#plans.delete(uid);
    for (const volume of plan.matched.values()) this.#claimOf.delete(volume);
  }
}
