/** Fenced writes against the journal: each was made while its author held the office, so those of two holders never interleave. */
import { must } from '../../../../src/base/assert.ts';
import { officeKey, workKey } from '../clients/candidate.ts';
import type { Evidence } from '../evidence.ts';
import type { Journal } from '../journal.ts';

export function checkFences({ fencedWrites }: Evidence, journal: Journal): string[] {
  const byValue = new Map(fencedWrites.map((write) => [write.value, write]));
  const violations: string[] = [];
  let token = 0;
  for (const { value, revision } of journal.changesOf(workKey)) {
    const write = must(byValue.get(value ?? ''), 'a write of a holder');
    const office = journal.stateOf(officeKey, revision - 1);
    const held = office?.type === 'put' ? office.createRevision : null;
    if (held !== write.fence.createRevision) {
      violations.push(
        `${value} was written at ${revision} under fence ${write.fence.createRevision}, the office was ${held}`,
      );
    }
    if (write.fence.createRevision < token)
      violations.push(`${value} was written at ${revision} behind fence ${token}`);
    token = Math.max(token, write.fence.createRevision);
    if (write.outcome === 'refused') violations.push(`${value} was refused, and written at ${revision}`);
  }
  for (const { value, outcome } of fencedWrites) {
    if (outcome === 'written' && journal.writeOf(value) === undefined) violations.push(`${value} was lost`);
  }
  return violations;
}
