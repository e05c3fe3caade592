/** What the controllers of one master are started with. */
import type { ControllerSettings } from '../../src/controllers/registry.ts';
import type { Credentials, Fence } from '../../src/protocol/apiserver.ts';

export interface ControllersArgs {
  /** Paths of API servers, the own master's first. */
  readonly servers: readonly string[];
  /** Paths of store replicas, the own master's first. */
  readonly replicas: readonly string[];
  /** The name under which this master stands for election: the member. */
  readonly candidate: string;
  readonly roleLeaseSeconds: number;
  /** Those that run while the office is held; of src/controllers/registry.ts. */
  readonly controllers: readonly string[];
  readonly settings: ControllerSettings;
}

/** What one controller's actor is started with, once its master is elected. */
export interface ControllerArgs {
  /** One of src/controllers/registry.ts. */
  readonly controller: string;
  readonly servers: readonly string[];
  readonly settings: ControllerSettings;
  /** Carried by every write. */
  readonly fence: Fence;
  /** Told when a write finds the office lost. */
  readonly parent: string;
}

/** What a controller's actor tells the one that holds the office. */
export interface FenceLost {
  readonly type: 'fenceLost';
  readonly message: { readonly controller: string };
}

/** As whom the controllers write. */
export const controllersCredentials: Credentials = {
  type: 'component',
  user: 'system:kube-controller-manager',
  groups: ['system:masters'],
};

/** The store key of the office. */
export const controllersOffice = '/threemaster/elections/controllers';
