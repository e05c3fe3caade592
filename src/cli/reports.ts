/** What the command prints about clusters, for people; `--output json` gives the same facts to programs. */
import type { ClusterStatus, MemberStatus, PartStatus } from './cluster-status.ts';

/** `crashed`: its process is gone and did not say why. */
export type ClusterState = 'running' | 'stopped' | 'crashed';

/** One named cluster of this machine's user. */
export interface ClusterSummary {
  readonly name: string;
  readonly state: ClusterState;
  readonly masters: number;
  readonly nodes: number;
  /** Null unless it runs. */
  readonly pid: number | null;
  readonly url: string | null;
  readonly kubeconfig: string;
  /** Null: nothing outlives the process. */
  readonly dataDirectory: string | null;
}

export interface NamedStatus extends ClusterSummary {
  readonly status: ClusterStatus;
}

export function listReport(clusters: readonly ClusterSummary[]): string {
  if (clusters.length === 0) return 'no clusters; start one with: threemaster start --detach';
  const rows = clusters.map(({ name, state, masters, nodes, url }) => [
    name,
    state,
    String(masters),
    String(nodes),
    url ?? '-',
  ]);
  return alignedColumns([['NAME', 'STATE', 'MASTERS', 'NODES', 'URL'], ...rows]);
}

export function statusReport({ name, url, kubeconfig, status }: NamedStatus): string {
  const { leader, leaders, term, commitIndex, revision, masters, nodes } = status;
  const members = [...masters, ...nodes].map((member) => [
    member.name,
    member.ready ? 'ready' : 'not ready',
    rolesOf(member, leaders),
    troubleOf(member),
  ]);
  return [
    `cluster ${name}: ${status.ready ? 'ready' : `not ready, ${status.missing ?? 'no reason given'}`}`,
    `  address     ${url ?? '-'}`,
    `  kubeconfig  ${kubeconfig}`,
    `  store       leader ${leader ?? 'none'}, term ${term}, commit index ${commitIndex}, revision ${revision}`,
    '',
    alignedColumns([['MEMBER', 'STATE', 'LEADS', 'TROUBLE'], ...members]),
  ].join('\n');
}

/** Says what is known of a cluster that does not run. */
export function absenceReport({ name, state, dataDirectory }: ClusterSummary): string {
  if (state === 'stopped') {
    const kept = dataDirectory === null ? '' : ` (its data is in ${dataDirectory})`;
    return `cluster ${name} is stopped${kept}; start it with: threemaster start --name ${name}`;
  }
  return `cluster ${name} has crashed: its process is gone; start it again, or clear it away with: threemaster delete --name ${name}`;
}

function rolesOf({ name }: MemberStatus, leaders: ClusterStatus['leaders']): string {
  const held = Object.entries(leaders).flatMap(([role, holder]) => (holder === name ? [role] : []));
  return held.length === 0 ? '-' : held.join(', ');
}

function troubleOf({ parts }: MemberStatus): string {
  const troubled = parts.filter(({ state }: PartStatus) => state !== 'running');
  const states = new Set(troubled.map(({ state }) => state));
  if (troubled.length === parts.length && states.size === 1) return [...states].join('');
  return troubled.length === 0 ? '-' : troubled.map(({ path, state }) => `${path} ${state}`).join(', ');
}

function alignedColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
