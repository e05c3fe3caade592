/** Where the gateways, the balancer and the registry listen: learnt from them, and kept with the data directory, so that a restart finds the same ports. */
import type { BalancerAddress } from '../../src/protocol/balancer.ts';
import type { GatewayAddress, ListenFailure } from '../../src/protocol/gateway.ts';
import { balancerPath, gatewayPath } from './blueprint.ts';
import type { Bridge } from './bridge.ts';
import { type ClusterIdentity, keepIdentity } from './identity.ts';

/** A listener that has not come up by then will not. */
const listenTimeoutMs = 15_000;

export class Listeners {
  readonly #bridge: Bridge;
  readonly #identity: ClusterIdentity | null;
  readonly #folder: string | null;
  readonly #reconfigureAt: (paths: readonly string[]) => Promise<void>;

  /**
   * `identity` takes the ports; null: nobody listens. `folder`: where it is kept, if it is. `reconfigureAt` tells actors what they are started
   * with from now on: one that its supervisor restarts listens where it did.
   */
  constructor(
    bridge: Bridge,
    identity: ClusterIdentity | null,
    folder: string | null,
    reconfigureAt: (paths: readonly string[]) => Promise<void>,
  ) {
    this.#bridge = bridge;
    this.#identity = identity;
    this.#folder = folder;
    this.#reconfigureAt = reconfigureAt;
  }

  /** Waits for the listeners of these masters, for those at `others`, and for the balancer. Rejects when one cannot listen. */
  async openAll(masters: readonly string[], others: readonly string[]): Promise<void> {
    const paths = [...masters.map(gatewayPath), ...others, balancerPath];
    for (const path of paths) await this.#learn(path);
    await this.#keep();
    await this.#reconfigureAt(paths);
  }

  async open(master: string): Promise<void> {
    if (this.#identity === null) return;
    const path = gatewayPath(master);
    await this.#learn(path);
    await this.#keep();
    await this.#reconfigureAt([path]);
  }

  /** Forgets a master that is gone. */
  async close(master: string): Promise<void> {
    if (this.#identity === null) return;
    delete this.#identity.ports[gatewayPath(master)];
    await this.#keep();
  }

  async #learn(path: string): Promise<void> {
    const body = { type: 'address', request: null };
    const outcome = await this.#bridge.ask<GatewayAddress | BalancerAddress | ListenFailure>(
      path,
      body,
      listenTimeoutMs,
    );
    if (outcome.type === 'failed') throw new Error(`${path} does not listen: ${outcome.failure.code}`);
    if ('failure' in outcome.reply) throw new Error(`${path} cannot listen: ${outcome.reply.failure}`);
    if (this.#identity !== null) this.#identity.ports[path] = outcome.reply.port;
  }

  async #keep(): Promise<void> {
    if (this.#folder !== null && this.#identity !== null) await keepIdentity(this.#folder, this.#identity);
  }
}
