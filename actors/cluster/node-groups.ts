/**
 * Carries out what src/controllers/nodeautoscaler plans, again and again: looks at nodes and pods through the API, and acts. It remembers nothing
 * between two looks, so it may be stopped at any moment and another may go on.
 */
import { nameOf, namespaceOf, uidOf } from '../../src/api/object-meta.ts';
import { StatusError } from '../../src/api/status.ts';
import {
  type GroupMember,
  type NodeAction,
  type NodeGroup,
  type NodeGroupTiming,
  planNodes,
} from '../../src/controllers/nodeautoscaler/plan-nodes.ts';
import type { Node } from '../../src/kinds/node/types.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';
import type { ApiClient } from './api-client.ts';
import type { Fabric } from './fabric.ts';

export interface NodeGroupsOptions {
  readonly groups: readonly NodeGroup[];
  readonly timing: NodeGroupTiming;
  readonly fabric: Fabric;
  readonly api: ApiClient;
  readonly members: () => readonly GroupMember[];
  readonly add: (group: string) => Promise<unknown>;
  readonly remove: (node: string) => Promise<void>;
  /** Takes what is no refusal of the API: a bug. */
  readonly onError: (error: Error) => void;
}

export class NodeGroups {
  readonly #options: NodeGroupsOptions;
  #cancel: () => void = () => {};
  #isOver = false;

  constructor(options: NodeGroupsOptions) {
    this.#options = options;
  }

  start(): void {
    const { fabric, timing } = this.#options;
    if (this.#isOver) return;
    this.#cancel = fabric.after(timing.intervalMs, () => {
      void this.#look().then(() => this.start());
    });
  }

  /** Nothing is begun any more. What is under way ends, or is refused. */
  stop(): void {
    this.#isOver = true;
    this.#cancel();
  }

  async #look(): Promise<void> {
    const { groups, timing, fabric, api, members } = this.#options;
    try {
      const nodes = (await api.list('nodes')) as unknown as Node[];
      const pods = (await api.list('pods', { namespace: '' })) as unknown as Pod[];
      const observed = { groups, timing, members: members(), nodes, pods, nowMs: fabric.wallMs() };
      for (const action of planNodes(observed)) {
        if (this.#isOver) return;
        await this.#carryOut(action);
      }
    } catch (error: unknown) {
      // A refusal, or a cluster without a majority: the next look finds what is left to do.
      if (!(error instanceof StatusError) && !this.#isOver) this.#options.onError(error as Error);
    }
  }

  async #carryOut(action: NodeAction): Promise<void> {
    const { api, add, remove } = this.#options;
    switch (action.type) {
      case 'add':
        await add(action.group);
        return;
      case 'remove':
        return remove(action.node);
      case 'forget':
        await api.delete(`node/${action.node}`);
        return;
      case 'mark':
        await api.patch(`node/${action.node}`, action.patch as never);
        return;
      case 'evict': {
        const { pod } = action;
        // A budget that refuses one pod says nothing about the others.
        await api.evict(nameOf(pod), { namespace: namespaceOf(pod), uid: uidOf(pod) }).catch((error: unknown) => {
          if (!(error instanceof StatusError)) throw error;
        });
      }
    }
  }
}
