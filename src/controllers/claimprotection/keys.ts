/**
 * Lets a claim go only when no pod uses it: the API server puts a finalizer on every claim, and this controller takes it off. Keys are claims.
 * Models kubernetes pkg/controller/volume/pvcprotection.
 */
import type { IndexFunction } from '../../api/object-index.ts';
import { hasFinalizer, isBeingDeleted, objectKey } from '../../api/object-meta.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { byClaim, withClaimsOnly } from '../pod-claims.ts';
import { persistentVolumeClaimResource, podResource } from '../resources.ts';
import { type ClaimProtectionObserved, claimFinalizer, reconcileClaimProtection } from './reconcile.ts';

export interface ClaimProtectionKinds {
  readonly claims: PersistentVolumeClaim;
}

/** Pods are watched only while a claim is to go. */
type WithPods = ClaimProtectionKinds & { readonly pods: Pod };

const podIndex = 'claim';
const goingIndex = 'going';
const going = 'going';

const byGoing: IndexFunction<PersistentVolumeClaim> = (claim) => (isWaiting(claim) ? [going] : []);

export const claimProtectionController: Controller<ClaimProtectionKinds, ClaimProtectionObserved> = {
  name: 'persistentvolumeclaim-protection',
  watches: {
    claims: { resource: persistentVolumeClaimResource, output: 'metadata', indexes: { [goingIndex]: byGoing } },
  },
  dynamic: {
    by: 'claims',
    watches({ claims }) {
      if (claims === undefined || claims.by(goingIndex, going).length === 0) return {};
      return {
        pods: { resource: podResource, output: 'object', indexes: { [podIndex]: byClaim }, keep: withClaimsOnly },
      };
    },
  },
  remember: () => null,
  keys: claimProtectionKeys,
  observe: observeClaim,
  reconcile: (observed) => reconcileClaimProtection(observed),
};

function claimProtectionKeys(
  change: CacheChange<ClaimProtectionKinds>,
  { claims }: Caches<ClaimProtectionKinds>,
): readonly string[] {
  if (change.cache === 'claims') return sidesOf(change).slice(0, 1).map(objectKey);
  const used = sidesOf<Pod>(change).flatMap(byClaim);
  return [...new Set(used)].filter((key) => isWaiting(claims.get(key)));
}

/** The cache of pods may be missing: the API is asked before a claim goes in any case. */
function observeClaim(key: string, caches: Caches<ClaimProtectionKinds>): ClaimProtectionObserved | null {
  const claim = caches.claims.get(key);
  if (claim === undefined || !isWaiting(claim)) return null;
  const { pods } = caches as Partial<Caches<WithPods>>;
  return { claim, pods: pods?.by(podIndex, key) ?? [] };
}

function isWaiting(claim: PersistentVolumeClaim | undefined): boolean {
  return claim !== undefined && isBeingDeleted(claim) && hasFinalizer(claim, claimFinalizer);
}
