/** What a cluster says of itself. Plain data: it goes to whoever asks as JSON. */

/** `silent`: it should run and does not answer. */
export type LifeState = 'running' | 'paused' | 'down' | 'silent';

export interface ThreadStatus {
  readonly name: string;
  readonly state: LifeState;
}

/** One actor of the plan. */
export interface PartStatus {
  readonly path: string;
  readonly state: LifeState;
  /** Counts the lives of the part; 0 while nobody can tell. */
  readonly incarnation: number;
  /** Inputs that wait in its mailbox. */
  readonly waiting: number;
}

export interface MemberStatus {
  readonly name: string;
  /** All its parts run; a master's API server and replica, or a node's Node object, are ready. */
  readonly ready: boolean;
  readonly parts: readonly PartStatus[];
  readonly threads: readonly ThreadStatus[];
}

export interface ClusterStatus {
  readonly ready: boolean;
  /** The first thing that keeps the cluster from being ready; null when it is. */
  readonly missing: string | null;
  /** The master whose replica leads the store; null when none does. */
  readonly leader: string | null;
  /** Who holds each role; null when nobody does or the store cannot tell. `store` is `leader`. */
  readonly leaders: {
    readonly store: string | null;
    readonly controllers: string | null;
    readonly scheduler: string | null;
  };
  /** Of the store's leader; 0 when there is none. */
  readonly term: number;
  readonly commitIndex: number;
  readonly revision: number;
  readonly masters: readonly MemberStatus[];
  readonly nodes: readonly MemberStatus[];
}
