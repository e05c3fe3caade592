/** One member (`master-0`, `node-2`) or part of one (`master-0/store`), and what can be done to it. */
import type { Cluster } from './cluster.ts';

export class Member {
  readonly name: string;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, name: string) {
    this.#cluster = cluster;
    this.name = name;
  }

  /** As kill -9: its threads are gone from one moment to the next. It stays down until it is restarted. */
  kill(): Promise<void> {
    return this.#cluster.kill(this.name);
  }

  /** Stops where it stands, without telling anybody; `forMs` resumes it after that time. */
  pause(options: { readonly forMs?: number } = {}): Promise<void> {
    return this.#cluster.pause(this.name, options);
  }

  resume(): Promise<void> {
    return this.#cluster.resume(this.name);
  }

  /** Starts it again after a kill; kills it first when it runs. */
  restart(): Promise<void> {
    return this.#cluster.restart(this.name);
  }
}
