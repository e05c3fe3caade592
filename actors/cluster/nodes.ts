/** Worker nodes of a cluster that come and go: which there are, and to which group each belongs. */
import type { GroupMember } from '../../src/controllers/nodeautoscaler/plan-nodes.ts';
import type { ApiClient } from './api-client.ts';
import type { Assembly } from './assembly.ts';
import { nodeName } from './blueprint.ts';
import type { Faults } from './faults.ts';
import { type CheckedOptions, ClusterOptionsError } from './options.ts';
import type { ThreadDesign } from './topology.ts';

export interface NodesSources {
  readonly options: CheckedOptions;
  readonly assembly: Assembly;
  readonly faults: Faults;
  readonly api: ApiClient;
  /** The thread of the node of that number, of a group if one is named. */
  readonly designNode: (index: number, group?: string) => ThreadDesign;
}

export class Nodes {
  readonly #sources: NodesSources;
  readonly #names: string[];
  /** The groups of nodes that belong to one. */
  readonly #groupOf = new Map<string, string>();
  #next: number;

  constructor(sources: NodesSources) {
    this.#sources = sources;
    this.#next = sources.options.nodes;
    this.#names = Array.from({ length: this.#next }, (_, index) => nodeName(index));
  }

  names(): string[] {
    return [...this.#names];
  }

  /** Nodes that belong to a group. */
  grouped(): GroupMember[] {
    return [...this.#groupOf].map(([name, group]) => ({ name, group }));
  }

  /** Adds a node, of a group if one is named, and returns its name. */
  async add(group = ''): Promise<string> {
    const { assembly, designNode, options } = this.#sources;
    if (group !== '' && !options.nodeGroups.some(({ name }) => name === group)) {
      throw new ClusterOptionsError(`no node group ${group}`);
    }
    const index = this.#next;
    const name = nodeName(index);
    this.#next += 1;
    this.#names.push(name);
    if (group !== '') this.#groupOf.set(name, group);
    await assembly.add(designNode(index, group));
    return name;
  }

  /** Takes a node away for good, with its Node object. */
  async remove(name: string): Promise<void> {
    const { assembly, faults, api } = this.#sources;
    if (!this.#names.includes(name)) {
      throw new ClusterOptionsError(`no node ${name}; there are ${this.#names.join(', ')}`);
    }
    const target = faults.target(name);
    this.#names.splice(this.#names.indexOf(name), 1);
    this.#groupOf.delete(name);
    if (target.type === 'threads') await assembly.remove(target.threads.map((thread) => thread.name));
    else await assembly.removeActors(target.thread.name, target.paths);
    await api.delete(`node/${name}`);
  }
}
