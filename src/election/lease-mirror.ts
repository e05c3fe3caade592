/**
 * Writes the Lease object by which people and tools see who holds an office. The truth is the key in the store; this only mirrors it, so a
 * write that fails is left to the next renewal and nothing depends on it.
 */
import { type Flow, sleep } from '../actor/flow.ts';
import type { GroupVersionResource } from '../api/group-version.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampMicros } from '../base/time.ts';
import type { Lease } from '../kinds/lease/types.ts';
import type { ApiClient } from '../protocol/api-client.ts';
import type { Fence } from '../protocol/apiserver.ts';

export interface MirroredOffice {
  /** The name of the Lease in kube-system. */
  readonly name: string;
  readonly holder: string;
  readonly leaseSeconds: number;
  readonly acquiredWallMs: WallMs;
  readonly fence: Fence;
}

const resource: GroupVersionResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' };
const namespace = 'kube-system';

/** Renews the Lease twice within its life, for as long as the flow runs: cancel it when the office is lost. */
export function* mirrorOffice(office: MirroredOffice, api: ApiClient, wallMs: () => WallMs): Flow<void> {
  const intervalMs = (office.leaseSeconds * 1000) / 2;
  let transitions: number | null = null;
  for (;;) {
    transitions ??= yield* readTransitions(office, api, intervalMs);
    if (transitions !== null) {
      const body = leaseOf(office, transitions, wallMs());
      const subject = { verb: 'update', resource, namespace, name: office.name, body, fence: office.fence } as const;
      yield* api.call(subject, intervalMs);
    }
    yield* sleep(intervalMs);
  }
}

/** Returns how often the office will have changed hands with this term; null when nobody says. */
function* readTransitions({ name, holder }: MirroredOffice, api: ApiClient, timeoutMs: number): Flow<number | null> {
  const answer = yield* api.call({ verb: 'get', resource, namespace, name }, timeoutMs);
  if (answer.type === 'refused' && answer.status.code === 404) return 0;
  if (answer.type !== 'done') return null;
  const { spec } = answer.object as Lease;
  return (spec?.leaseTransitions ?? 0) + (spec?.holderIdentity === holder ? 0 : 1);
}

function leaseOf(office: MirroredOffice, leaseTransitions: number, wallMs: WallMs): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: office.name, namespace },
    spec: {
      holderIdentity: office.holder,
      leaseDurationSeconds: office.leaseSeconds,
      acquireTime: timestampMicros(office.acquiredWallMs),
      renewTime: timestampMicros(wallMs),
      leaseTransitions,
    },
  };
}
