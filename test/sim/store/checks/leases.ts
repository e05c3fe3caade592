/** Leases against the journal: a key that hangs on a lease goes with it, never before the lease's time is over, and always after. */
import { leasePrefix } from '../clients/lease-holder.ts';
import type { Evidence } from '../evidence.ts';
import type { Journal } from '../journal.ts';

export function checkLeases({ leases, marks }: Evidence, journal: Journal): string[] {
  const violations: string[] = [];
  for (const { changes, revision, atMs } of journal.revisions()) {
    for (const { type, key } of changes) {
      // Nobody deletes these keys but their leases.
      if (type !== 'delete' || !key.startsWith(leasePrefix)) continue;
      const lease = leases.get(journal.stateOf(key, revision - 1)?.lease ?? 0);
      if (lease === undefined || lease.isRevoked) continue;
      marks.add('lease expired');
      const dueAtMs = lease.keptAtMs + lease.ttlMs;
      if (atMs < dueAtMs) violations.push(`${key} went at ${atMs} ms, its lease runs to ${dueAtMs} ms at least`);
    }
  }
  for (const { key, revision } of journal.range({ start: leasePrefix, end: 'lease0' }, journal.last)) {
    violations.push(`${key} of revision ${revision} outlived its lease`);
  }
  return violations;
}
