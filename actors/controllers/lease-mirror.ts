/**
 * Writes the Lease object by which people and tools see who holds an office. The truth is the key in the store; this only mirrors it, so a
 * failed write is tried again at the next renewal and nothing depends on it.
 */
import { type AskOutcome, askAll, type Flow } from '../../src/actor/flow.ts';
import type { WallMs } from '../../src/base/brand.ts';
import { utf8Text } from '../../src/base/bytes.ts';
import { timestampMicros } from '../../src/base/time.ts';
import { create, read, update } from '../../src/controllers/plan.ts';
import { leaseResource } from '../../src/controllers/resources.ts';
import type { Lease } from '../../src/kinds/lease/types.ts';
import type { ApiResponse } from '../../src/protocol/apiserver.ts';
import type { ApiDesk } from './api-desk.ts';

export interface MirroredOffice {
  /** The name of the Lease in kube-system. */
  readonly name: string;
  readonly holder: string;
  readonly leaseSeconds: number;
  readonly acquiredWallMs: WallMs;
}

const namespace = 'kube-system';

/** Reads the Lease and writes it with the present holder. Ends silently whatever happens. */
export function* mirrorLease(office: MirroredOffice, desk: ApiDesk, wallMs: WallMs): Flow<void> {
  const { server } = desk;
  const question = desk.question(read(leaseResource, namespace, office.name), 'object');
  const [outcome] = yield* askAll<ApiResponse>([question]);
  const known = leaseOf(outcome);
  if (known === undefined) {
    desk.leave(server);
    return;
  }
  const write =
    known === null
      ? create(leaseResource, firstLease(office, wallMs))
      : update(leaseResource, renewed(known, office, wallMs));
  yield* askAll<ApiResponse>([desk.question(write)]);
}

/** Null: there is none; undefined: nobody knows. */
function leaseOf(outcome: AskOutcome<ApiResponse> | undefined): Lease | null | undefined {
  if (outcome === undefined || outcome.type === 'failed') return undefined;
  const { status, bytes } = outcome.reply;
  if (status === 404) return null;
  return status === 200 ? (JSON.parse(utf8Text(bytes)) as Lease) : undefined;
}

function firstLease(office: MirroredOffice, wallMs: WallMs): Lease {
  const metadata = { name: office.name, namespace };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: specOf(office, wallMs, 0) };
}

function renewed(lease: Lease, office: MirroredOffice, wallMs: WallMs): Lease {
  const transitions = lease.spec?.leaseTransitions ?? 0;
  const isNew = lease.spec?.holderIdentity !== office.holder;
  return { ...lease, spec: specOf(office, wallMs, isNew ? transitions + 1 : transitions) };
}

function specOf(office: MirroredOffice, wallMs: WallMs, leaseTransitions: number): NonNullable<Lease['spec']> {
  return {
    holderIdentity: office.holder,
    leaseDurationSeconds: office.leaseSeconds,
    acquireTime: timestampMicros(office.acquiredWallMs),
    renewTime: timestampMicros(wallMs),
    leaseTransitions,
  };
}
